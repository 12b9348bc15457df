"""A push changes profiles and groups of Okta: only what differs, once, with no trace of values."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from pipelines.failures import Rejected, Unknown, Unsent
from pipelines.sources.writer import Change
from tests.sandbox.okta.accounts import CANARY
from tests.sandbox.server import Fault, Request
from tests.support.applying import states
from tests.support.faults import cut, hang_up, silent, status
from tests.support.killing import Death
from tests.support.okta_tenant import ADMINS, IMPORTED, MARA, NORA, OLD, RULED
from tests.support.okta_writing import (
    VPN,
    WRITES,
    Org,
    carry_out,
    change,
    new_account,
    new_group,
    pushed,
    renamed,
    update,
)
from tests.support.okta_writing import org as org

SECRET = "Chief Financial Officer"


def is_write(request: Request) -> bool:
    return request.method in WRITES


def groups_named(org: Org, name: str) -> list[dict[str, Any]]:
    return [one for one in org.okta.groups.values() if one["profile"]["name"] == name]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# ---- profiles


def test_only_what_differs_is_written(org):
    """One call has the attributes that differ; null clears, and all others stay."""
    before = {"title": "Manager", "department": "Finance", "badge": 7, "city": None}
    after = {"title": SECRET, "department": "", "badge": None, "city": ""}
    kept = dict(org.okta.users[MARA]["profile"])

    assert ["update", "done"] == states(org.writer(), update(before, after))

    assert [("POST", f"users/{MARA}")] == org.writes()
    assert [{"profile": {"title": SECRET, "department": None, "badge": None}}] == org.bodies()
    kept = {name: value for name, value in kept.items() if name not in ("department", "badge")}
    assert kept | {"title": SECRET} == org.okta.users[MARA]["profile"]
    assert ["done"] == states(org.writer(), update(before, after))


def test_an_empty_text_is_no_value(org):
    """A live empty text or list counts as no value, and letters count as they are written."""
    org.okta.attributes["teams"] = {"type": "array", "mutability": "READ_WRITE"}
    org.okta.update_profile(MARA, {"city": "", "teams": []})
    writer, blank = org.writer(), {"city": None, "teams": None}

    assert ["done"] == states(writer, update(blank, blank))
    assert ["update", "done"] == states(writer, update({"title": "Manager"}, {"title": "manager"}))
    assert ["update", "done"] == states(writer, update({"badge": 7}, {"badge": 0}))
    assert ["update", "done"] == states(writer, update(blank, {"teams": ["a"]}))
    assert [{"profile": {"teams": ["a"]}}] == org.bodies()[2:]


def test_what_somebody_else_changed_is_left_alone(org):
    """A value that is neither the expected nor the wanted one stops the change of the account."""
    wanted = update(
        {"title": "Engineer", "department": "Finance"}, {"title": SECRET, "department": "HR"}
    )

    seen = org.writer().look(wanted)

    assert ("drift", "somebody else changed title") == (seen.state, seen.why)
    assert "Manager" not in repr(seen) and [] == org.writes()


def test_a_change_between_look_and_call_is_not_lost(org):
    """The call is refused if somebody changes the account after the look, and looks again."""
    writer, wanted = org.writer(), update({"title": "Manager"}, {"title": SECRET})
    seen = writer.look(wanted)
    org.okta.update_profile(MARA, {"title": "Controller"})

    with pytest.raises(Unsent, match="somebody changed it meanwhile"):
        writer.act(wanted, seen)

    assert "drift" == writer.look(wanted).state
    org.okta.update_profile(MARA, {"title": "Manager", "city": "Oslo"})
    assert ["update", "done"] == states(writer, wanted)


def test_a_profile_without_a_version_is_written(org):
    """Where Okta answers no ETag, the call goes without a condition."""
    org.server.faults = [Fault(lambda request: request.path.endswith(MARA), without_etag, times=9)]

    wanted = update({"title": "Manager"}, {"title": SECRET})
    assert ["update", "done"] == states(org.writer(), wanted)
    [request] = [one for one in org.server.seen if one.method == "POST"]
    assert "if-match" not in request.headers


def without_etag(request: Request, honest: Any) -> Any:
    honest.headers = {name: one for name, one in honest.headers.items() if name != "etag"}
    return honest


@pytest.mark.parametrize("option", ["ignored", "missing", "allowed"])
def test_a_deactivated_account_keeps_its_profile(org, option):
    """The profile of a deactivated account is not written, whatever the org would do with it."""
    org.okta.switches.update_deprovisioned = option
    seen = org.writer().look(update({"title": None}, {"title": SECRET}, user=OLD))

    assert "drift" == seen.state and "deactivated" in seen.why
    assert [] == org.writes()


def test_a_login_that_is_written_is_the_username(org):
    """After a change of the login, the account is still known as the one of the plan."""
    login = "mara.lindqvist@example.com"
    known = {"account_username": login, "account_created_at": org.okta.users[MARA]["created"]}
    wanted = update({"login": login}, {"login": "mara.berg@example.com"}, **known)

    assert ["update", "done"] == states(org.writer(), wanted)
    other = update({"title": "Manager"}, {"title": SECRET}, **known)
    assert "another username" in org.writer().look(other).why


@pytest.mark.parametrize(
    "profile, words",
    [
        ({"nickname": SECRET}, r"Okta does not accept nickname \(E0000001\)"),
        ({"badge": SECRET}, r"Okta does not accept badge \(E0000001\)"),
        ({"costTier": SECRET}, r"Okta does not accept costTier \(E0000001\)"),
        ({"countryCode": SECRET}, r"Okta does not accept countryCode \(E0000001\)"),
        ({"title": SECRET + "😀"}, r"Okta does not accept title \(E0000001\)"),
        ({"legalName": SECRET}, r"an attribute is read-only \(E0000077\)"),
        ({"login": "nora.lind@example.com"}, r"another one has this login already \(E0000001\)"),
    ],
)
def test_a_refusal_names_the_attribute_and_no_value(org, profile, words):
    """One bad attribute refuses the whole change; the reason names it, and quotes no value."""
    org.okta.attributes["costTier"] = {"type": "string", "enum": ["A", "B"]}
    org.okta.attributes["legalName"] = {"type": "string", "mutability": "READ_ONLY"}
    writer = org.writer()
    [name] = profile
    live = org.okta.users[MARA]["profile"].get(name)
    wanted = update({name: live, "city": None}, profile | {"city": "Oslo"})

    with pytest.raises(Rejected, match=words) as refused:
        writer.act(wanted, writer.look(wanted))

    assert SECRET not in str(refused.value.why) and "nora.lind" not in refused.value.why
    assert "city" not in org.okta.users[MARA]["profile"]


@pytest.mark.parametrize("refuses_all", [False, True])
def test_what_another_system_masters_is_told_by_its_code(org, tmp_path, refuses_all):
    """E0000023 is in the reason, so that the models do not plan the attribute every day."""
    org.okta.set_source(MARA, "ACTIVE_DIRECTORY", "corp")
    org.okta.switches.sourced_refuses_all = refuses_all
    org.okta.attributes["team"] = {"type": "string", "master": {"type": "OKTA"}}
    wanted = update({"title": "Manager"}, {"title": SECRET})

    progress, path = carry_out(org, tmp_path, wanted)

    assert {"c1": "failed"} == progress.outcomes
    assert (
        "(E0000023)"
        in [one for one in records(path) if one["event"] == "outcome"][-1]["facts"]["why"]
    )
    own = states_or_refusal(org, update({"team": None}, {"team": "Payments"}))
    assert ("E0000023" in own) == refuses_all


def states_or_refusal(org: Org, wanted: Change) -> str:
    try:
        return " ".join(states(org.writer(), wanted))
    except Rejected as refused:
        return refused.why


def test_an_undone_change_gives_the_old_values_back(org):
    """The inverse writes the values of before, and clears what was empty."""
    before, after = {"title": "Manager", "city": None}, {"title": SECRET, "city": "Oslo"}
    kept = dict(org.okta.users[MARA]["profile"])

    assert ["update", "done"] == states(org.writer(), update(before, after))
    assert ["update", "done"] == states(org.writer(), update(after, before))

    assert kept == org.okta.users[MARA]["profile"]


def test_no_value_is_in_a_journal(org, tmp_path, capsys):
    """A journal and the audit log have the names of attributes, and no value, old or new."""
    org.okta.attributes["team"] = {"type": "string", "maxLength": 3}
    made = new_account(profile={"title": SECRET}, user_type=org.okta.user_type)
    changes = [
        numbered(1, update({"title": "Manager"}, {"title": SECRET})),
        numbered(2, update({"team": None}, {"team": SECRET})),
        numbered(3, made),
        numbered(4, update({"city": None}, {"city": SECRET}, user=NORA)),
    ]
    unclear = status(202, {"profile": {"city": SECRET}})
    org.server.faults = [Fault(lambda one: one.method == "POST" and NORA in one.path, unclear)]

    progress, path = carry_out(org, tmp_path, *changes)

    assert {"c1": "done", "c2": "failed", "c3": "done", "c4": "done"} == progress.outcomes
    text = path.read_text() + (tmp_path / "audit.jsonl").read_text() + repr(progress)
    for value in (SECRET, "Manager", "kim@example.com", "E-77"):
        assert value not in text, value
    ended = {
        one["change_id"]: one["facts"]["seen"]
        for one in records(path)[1:-1]
        if one["event"] == "outcome"
    }
    assert ["title"] == ended["c1"]["changed_fields"]
    [kim] = [key for key, one in org.okta.users.items() if one["profile"]["firstName"] == "Kim"]
    assert f"okta:user:{kim}" == ended["c3"]["account_id"]


def test_a_login_that_cannot_be_read_is_not_told(org, tmp_path):
    """The reason of a new account that cannot be looked up has no login."""
    broken = Fault(lambda request: "kim" in request.path, status(500), times=99)
    org.server.faults = [broken]

    progress, _ = carry_out(org, tmp_path, new_account())

    assert broken.fired and "500" in progress.reasons["c1"]
    assert "kim" not in progress.reasons["c1"]


def numbered(number: int, wanted: Change) -> Change:
    return Change(**wanted.item() | {"change_id": f"c{number}"})


# ---- accounts


def test_a_pushed_account_has_its_attributes_and_type(org):
    """A new account is staged with the attributes and the type of the rules, without a mail."""
    org.okta.other_types["otyContractor"] = "contractor"
    profile = {"title": SECRET, "department": "", "city": None, "firstName": "Kimberly"}
    wanted = new_account(profile=profile, user_type="otyContractor", is_enabled=False)
    writer = org.writer()

    assert ["create", "done"] == states(writer, wanted)

    [kim] = [one for one in org.okta.users.values() if one["profile"]["lastName"] == "Lee"]
    assert ("STAGED", {"id": "otyContractor"}, []) == (kim["status"], kim["type"], org.okta.outbox)
    assert (SECRET, "Kimberly") == (kim["profile"]["title"], kim["profile"]["firstName"])
    assert {"department", "city"}.isdisjoint(kim["profile"])
    assert f"okta:user:{kim['id']}" == writer.look(wanted).facts["account_id"]
    asked = {"profile": profile, "user_type": "otyContractor"}
    for other, words in (
        ({"user_type": org.okta.user_type}, "another user type"),
        ({"profile": profile | {"title": SECRET.lower()}}, "another title"),
    ):
        assert words in writer.look(new_account(**asked | other)).why
    assert 1 == len(org.writes())


def activation(source: str, mail: bool, user: str) -> Change:
    wanted = {"status": "enabled", "source_status": source, "sends_mail": mail}
    return pushed("enable_account", user, wanted_state=json.dumps(wanted))


def test_a_type_that_is_gone_is_named(org):
    """A type of user that Okta does not have is named in the reason."""
    writer, wanted = org.writer(), new_account(user_type="otyGone")
    with pytest.raises(Rejected, match=r"Okta does not accept type \(E0000001\)"):
        writer.act(wanted, writer.look(wanted))


@pytest.mark.parametrize("mail", [False, True])
def test_an_activation_mails_only_if_the_rules_say_so(org, tmp_path, mail):
    """A staged account is activated with one mail or none, and the token is dropped unread."""
    org.okta.set_status(NORA, "STAGED")

    progress, path = carry_out(org, tmp_path, activation("STAGED", mail, NORA))

    assert {"c1": "done"} == progress.outcomes
    assert [("activation", NORA)] * mail == org.okta.outbox
    assert CANARY not in path.read_text()


@pytest.mark.parametrize("effect", [hang_up, cut, silent, status(500), status(202)])
def test_a_lost_answer_sends_no_second_mail(org, tmp_path, effect):
    """After an activation whose answer is lost there is one mail, and the change is done."""
    org.okta.set_status(NORA, "STAGED")
    org.server.faults = [lost := Fault(is_write, effect)]

    carry_out(org, tmp_path, wanted := activation("STAGED", True, NORA))
    progress, _ = carry_out(org, tmp_path, wanted)

    assert {"c1": "done"} == progress.outcomes and lost.fired
    assert [("activation", NORA)] == org.okta.outbox


def test_a_push_enables_only_what_the_plan_saw(org):
    """An account in another state than the plan saw is left alone; so is a suspended one."""
    writer = org.writer()
    assert "DEPROVISIONED now" in writer.look(activation("STAGED", False, OLD)).why
    org.okta.set_status(NORA, "SUSPENDED")
    for source in ("STAGED", "DEPROVISIONED", "SUSPENDED"):
        assert "drift" == writer.look(activation(source, False, NORA)).state
    assert "drift" == writer.look(pushed("enable_account", NORA)).state
    assert [] == org.writes()
    assert ["unsuspend", "done"] == states(writer, change("enable_account", NORA))
    assert ["activate", "done"] == states(writer, activation("DEPROVISIONED", False, OLD))


# ---- groups


def test_a_group_is_made_once(org):
    """A group is made with its name and mark, and is found by both from then on."""
    writer, wanted = org.writer(), new_group()

    assert ["create_group", "done"] == states(writer, wanted)

    [made] = groups_named(org, "Finance team")
    profile = {"name": "Finance team", "description": "Those of Finance [rollcall:finance]"}
    assert (profile, [{"profile": profile}]) == (made["profile"], org.bodies())
    entitlement = f"okta:group:{made['id']}:member"
    for one in (writer, org.writer()):
        assert ("done", entitlement) == (
            one.look(wanted).state,
            one.look(wanted).facts["entitlement_id"],
        )
    assert ["create_group", "done"] == states(writer, new_group("finance team"))
    assert ["create_group", "done"] == states(writer, new_group('a" or type eq "X \\'))


def test_a_foreign_group_of_the_name_is_drift(org):
    """A group of the name that lacks the mark of the rule is somebody else's."""
    for name, wanted in (
        ("VPN", new_group("VPN")),
        ("Payroll", new_group("Payroll")),
        ("Sales", new_group("Sales", rule="sales")),
    ):
        if name == "Payroll":
            org.okta.add_group(name, type="APP_GROUP", source={"id": "x"})
        if name == "Sales":
            org.okta.add_group(name, "[rollcall:sales] [rollcall:sales-2]")
        seen = org.writer().look(wanted)
        assert ("drift", "a group of this name exists") == (seen.state, seen.why)
    assert "mark" in org.writer().look(new_group(description="Finance")).why
    assert [] == org.writes()


@pytest.mark.parametrize("unique", [True, False], ids=["unique", "any_name"])
@pytest.mark.parametrize("effect", [hang_up, cut, silent, status(500), status(503), status(202)])
def test_a_lost_answer_makes_no_second_group(org, tmp_path, effect, unique):
    """After a lost answer the group is found, however far the index of a search is behind."""
    org.okta.switches.index_lag, org.okta.switches.group_names_unique = 3600, unique
    org.server.faults = [lost := Fault(is_write, effect)]

    for _ in range(2):
        progress, _ = carry_out(org, tmp_path, new_group())

    assert {"c1": "done"} == progress.outcomes and lost.fired
    assert 1 == len(groups_named(org, "Finance team")) == lost.seen


def test_a_group_made_by_another_plan_is_not_made_again(org, tmp_path):
    """A group that no search shows yet is refused by Okta, and found by its mark."""
    org.okta.switches.index_lag = 3600
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        progress, path = carry_out(org, tmp_path / folder, new_group())

    assert {"c1": "done"} == progress.outcomes
    assert 1 == len(groups_named(org, "Finance team"))
    assert ["okta:group:"] == [
        one["facts"]["seen"]["entitlement_id"][:11]
        for one in records(path)
        if one["event"] == "outcome"
    ]


def test_a_group_keeps_what_a_rename_does_not_name(org):
    """A rename sends the whole profile as it is now, with another name and description."""
    org.okta.group_attributes["costCenter"] = {"type": "string"}
    org.okta.update_group(VPN, {"name": "VPN", "costCenter": "CC-1"})
    before = {"name": "VPN", "description": ""}
    after = {"name": "Remote access", "description": "Remote [rollcall:vpn]"}
    org.okta.update_group(VPN, {"name": "VPN", "costCenter": "CC-2"})
    writer = org.writer()

    assert ["rename", "done"] == states(writer, renamed(VPN, before, after))
    assert [("PUT", f"groups/{VPN}")] == org.writes()
    assert after | {"costCenter": "CC-2"} == org.okta.groups[VPN]["profile"]
    assert (MARA, VPN) in org.okta.members

    assert ["rename", "done"] == states(writer, renamed(VPN, after, before))
    assert ["done"] == states(writer, renamed(VPN, after, before))


def test_only_a_group_as_expected_is_renamed(org):
    """A group with another name, of another kind, with an admin role, or gone is left alone."""
    writer, after = org.writer(), {"name": "Remote", "description": "[rollcall:vpn]"}
    for group, before, words in (
        (VPN, {"name": "Vpn", "description": ""}, "now has another name"),
        (VPN, {"name": "VPN", "description": "x"}, "now has another description"),
        (IMPORTED, {"name": "Finance", "description": ""}, "another directory"),
        (ADMINS, {"name": "IT admins", "description": ""}, "admin role"),
        ("00gGone", {"name": "VPN", "description": ""}, "any more"),
    ):
        seen = writer.look(renamed(group, before, after))
        assert "drift" == seen.state and words in seen.why, seen
    taken = renamed(VPN, {"name": "VPN", "description": ""}, after | {"name": "Contractors"})
    with pytest.raises(Rejected, match=r"another one has this name already \(E0000001\)"):
        writer.act(taken, writer.look(taken))
    assert "VPN" == org.okta.groups[VPN]["profile"]["name"] and RULED in org.okta.groups


@pytest.mark.parametrize("effect", [hang_up, cut, status(500)])
def test_a_lost_answer_of_an_update_is_not_repeated(org, effect):
    """A profile or a name whose answer is lost is found in place, and not written again."""
    before, after = {"name": "VPN", "description": ""}, {"name": "Net", "description": ""}
    for wanted in (update({"title": "Manager"}, {"title": SECRET}), renamed(VPN, before, after)):
        writer = org.writer()
        org.server.faults = [lost := Fault(is_write, effect)]
        with pytest.raises(Unknown) as unknown:
            writer.act(wanted, writer.look(wanted))
        assert SECRET not in unknown.value.why
        assert ("done", 1) == (writer.look(wanted).state, lost.seen)


def test_a_group_that_the_plan_renames_gets_its_members(org, tmp_path):
    """A membership of the same plan is made under the old or the new name, and under no other."""
    before, after = {"name": "VPN", "description": ""}, {"name": "Net", "description": ""}
    named = numbered(1, renamed(VPN, before, after))
    given = [
        numbered(2, pushed("grant", NORA, group=VPN, resource_name="VPN")),
        numbered(3, pushed("revoke", MARA, group=VPN, resource_name="VPN")),
    ]

    progress, _ = carry_out(org, tmp_path, named, given[0])
    assert {"done": 2} == progress.counts
    progress, _ = carry_out(org, tmp_path, named, *given)

    assert {"c1": "done", "c2": "done", "c3": "done"} == progress.outcomes
    assert {NORA} == org.okta.members_of(VPN)
    undone = [
        numbered(4, pushed("revoke", NORA, group=VPN, resource_name="VPN")),
        numbered(5, renamed(VPN, after, before)),
    ]
    progress, _ = carry_out(org, tmp_path, *undone)
    assert {"done": 2} == progress.counts
    org.okta.update_group(VPN, {"name": "Other"})
    assert "another name" in org.writer().look(pushed("grant", group=VPN, resource_name="VPN")).why


# ---- many memberships


def fill(org: Org, count: int) -> list[Change]:
    """Return changes that add as many new users to one group."""
    made = []
    for number in range(count):
        mail = f"p{number}@example.com"
        profile = {"firstName": "P", "lastName": f"{number}", "login": mail, "email": mail}
        key = f"00uMany{number:013}"
        org.okta.users[key] = {"id": key, "profile": profile}
        known = {"account_username": mail, "resource_name": "VPN"}
        made.append(numbered(number, pushed("grant", key, group=VPN, **known)))
    org.okta.touch()
    return made


def test_many_memberships_cost_little_more_than_two_calls(org, tmp_path):
    """Each membership is one call and one look; what all of them need is read once."""
    org.patch.setenv("APPLY__CHANGES_PER_SECOND", "0")
    org.patch.setenv("PROVISION__OKTA__REQUESTS_PER_SECOND", "0")
    changes = fill(org, 200)

    progress, _ = carry_out(org, tmp_path, *changes)

    assert {"done": 200} == progress.counts
    assert len(org.server.log) <= 2.1 * len(changes)
    assert 201 == len(org.okta.members_of(VPN))


def test_what_was_read_ahead_only_says_what_is_to_be_done(org):
    """Whatever is not simply to be made is looked at anew, and each change only once ahead."""
    changes = fill(org, 4)
    keys = [one.account_id.split(":")[2] for one in changes]
    org.okta.deactivate(keys[0])
    org.okta.members.add((keys[1], VPN))
    org.okta.touch()
    gone = Change(**changes[2].item() | {"account_username": "other@example.com"})
    writer = org.writer()
    writer.begin([numbered(9, pushed("grant", OLD, group=VPN)), *changes[:2], gone, changes[3]])

    assert ["drift", "done", "drift", "pending"] == [
        writer.look(one).state for one in (*changes[:2], gone, changes[3])
    ]
    org.okta.assign_role(VPN, "HELP_DESK_ADMIN")
    assert "drift" == writer.look(changes[3]).state


def test_what_was_read_ahead_is_soon_too_old(org, monkeypatch):
    """What was read more than a minute ago is read again."""
    changes = fill(org, 2)
    writer, now = org.writer(), [1000.0]
    for module in ("ahead", "groups"):
        monkeypatch.setattr(f"pipelines.sources.okta.live.{module}.time.monotonic", lambda: now[0])
    writer.begin(changes)
    assert "pending" == writer.look(changes[0]).state
    org.okta.assign_role(VPN, "HELP_DESK_ADMIN")
    now[0] += 61

    assert "drift" == writer.look(changes[1]).state


# ---- kills


def test_a_kill_at_any_step_leaves_each_effect_once(org, tmp_path):
    """Killed at every second step and started again, each change is made exactly once."""
    org.okta.switches.index_lag = 3600
    org.patch.setenv("PROVISION__OKTA__SETTLE_SECONDS", "0.1")
    org.patch.setenv("APPLY__SETTLE_SECONDS", "0.1")
    org.patch.setenv("APPLY__CHANGES_PER_SECOND", "0")
    org.okta.set_status(NORA, "STAGED")
    changes = [
        numbered(1, activation("STAGED", True, NORA)),
        numbered(2, new_account(profile={"title": SECRET})),
        numbered(3, update({"title": "Manager"}, {"title": SECRET})),
        numbered(4, new_group()),
        numbered(
            5, renamed(VPN, {"name": "VPN", "description": ""}, {"name": "Net", "description": ""})
        ),
    ]
    at, kills, settled = 1, 0, 0
    while killed_at(at, org, tmp_path, changes):
        kills += 1
        now = sum(path.read_text().count('"event":"outcome"') for path in tmp_path.glob("a*a.*"))
        at, settled = (1 + now % 2, now) if now > settled else (at + 2, settled)

    progress, _ = carry_out(org, tmp_path, *changes)
    assert {"c1", "c2", "c3", "c4", "c5"} == {*progress.outcomes} and kills > 40
    assert {"done"} == {*progress.outcomes.values()}
    assert [("activation", NORA)] == org.okta.outbox
    assert len(changes) == len(org.writes())


def killed_at(at: int, org: Org, folder: Path, changes: list[Change]) -> bool:
    """Return whether an apply in a process of its own was killed at this step."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            Death(at, from_start=True)
            progress, _ = carry_out(org, folder, *changes)
            code = 0 if {*progress.outcomes.values()} == {"done"} else 2
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 2, -signal.SIGKILL)
    return code != 0
