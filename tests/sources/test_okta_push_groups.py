"""A push changes groups of Okta and who is in them: each change once, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from pipelines.failures import Rejected, Unknown
from pipelines.sources.writer import Change
from pipelines.write_back.journal import read_journal
from tests.sandbox.server import Fault
from tests.support.applying import states
from tests.support.faults import cut, hang_up, silent, status
from tests.support.killing import Death
from tests.support.okta_tenant import ADMINS, IMPORTED, MARA, NORA, OLD, RULED
from tests.support.okta_writing import (
    VPN,
    Org,
    activation,
    carry_out,
    is_write,
    new_account,
    new_group,
    numbered,
    pushed,
    renamed,
    update,
)
from tests.support.okta_writing import org as org

SECRET = "Chief Financial Officer"


def groups_named(org: Org, name: str) -> list[dict[str, Any]]:
    return [one for one in org.okta.groups.values() if one["profile"]["name"] == name]


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
        for one in read_journal(path)
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
