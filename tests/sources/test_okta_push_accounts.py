"""A push changes profiles and accounts of Okta: only what differs, with no trace of values."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.failures import Rejected, Unsent
from pipelines.sources.writer import Change
from pipelines.write_back.journal import read_journal
from tests.sandbox.okta.accounts import CANARY
from tests.sandbox.server import Fault, Request
from tests.support.applying import states
from tests.support.faults import cut, hang_up, silent, status
from tests.support.okta_tenant import MARA, NORA, OLD
from tests.support.okta_writing import (
    Org,
    activation,
    carry_out,
    change,
    is_write,
    new_account,
    numbered,
    pushed,
    update,
)
from tests.support.okta_writing import org as org

SECRET = "Chief Financial Officer"


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
    [ended] = [one["facts"] for one in read_journal(path) if one["event"] == "outcome"]
    assert "(E0000023)" in ended["why"]
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
        for one in read_journal(path)[1:-1]
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
