"""The plan of a push: what it contains, when none is made, and what happens to it until the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.failures import Refused
from pipelines.write_back import plan as plans
from tests.sandbox.company.okta import FINANCE
from tests.sandbox.company.parts import okta_id
from tests.support.applying import applied
from tests.support.product import Rollcall
from tests.support.wanted import DIRECT, busy, wants
from tests.support.wanted_push import GENEROUS, WantedPush
from tests.write_back.test_claims import forged
from tests.write_back.test_plan import planned

NORA, ADA, IVO, VERA = (2, 4, 7, 30)


@pytest.fixture
def push(rollcall: Rollcall, published) -> WantedPush:
    """Return a company whose rules want an old title mended, and another member of Finance."""
    made = WantedPush(rollcall.has(published))
    made.profile(ADA)["title"] = "Engineer"
    made.okta.touch()
    made.wants(made.update(ADA, title="Staff Engineer"), made.leave(NORA, FINANCE))
    made.wants(made.join(VERA, FINANCE))
    return made


def test_a_push_plan_tells_each_value_and_who_joins(push):
    """A person reads every value that changes, who joins, who leaves, and how to approve it.

    The file names the rules and the limits, and which HR data it is from. Nothing is written.
    """
    said = push.rollcall.run("push", "plan", "okta").out
    [path] = (push.rollcall.home / "data" / "changes").glob("*.plan.json")
    document = json.loads(path.read_text())

    assert said.startswith("3 changes, from data of ")
    assert "update account: okta: Ada Park (push okta/fields: rule fields)\n" in said
    assert '    title: "Engineer" -> "Staff Engineer"\n' in said
    members = "members: okta: Finance (push okta/groups/g1: rule groups/g1)\n"
    assert members + "  + joins Vera Lindqvist\n  - leaves Nora Lind\n" in said
    approve = f"approve: rollcall push approve okta --digest {document['rules_sha256']}"
    assert "nobody has approved these rules" in said and approve in said
    assert f"rollcall apply {path} --digest {document['digest']}" in said
    assert ("push", 50, 100.0) == (
        document["kind"],
        document["limits"]["changes"],
        document["limits"]["one_field_percent"],
    )
    assert {"charthop", "okta"} == {*document["snapshot"]["runs"]}
    assert ["okta"] == [*document["tenants"]] and [] == document["exceeded"]
    assert [] == push.writes()


def test_reviews_and_pushes_are_planned_apart(push):
    """A plan of reviews has no change of a push, and a push has none of a review."""
    rows = push.rollcall.rows("from planned_changes")
    wants(push.rollcall, DIRECT, count=2)
    push.wants(*({**row} for row in rows))

    plan = planned(push.rollcall)
    assert {"decision"} == {item["reason_kind"] for item in json.loads(plan.read_text())["items"]}
    assert "access" == json.loads(plan.read_text())["kind"]
    assert {"push"} == {item["reason_kind"] for item in push.plan()["items"]}


def test_no_plan_survives_a_change_of_its_rules(push):
    """A plan is made from the rules of the file, and only while they are published.

    If the file changes, even in a limit, its plan is refused; the plan of the new rules is not.
    """
    plan = push.plan()
    push.file.write_text(GENEROUS + "changes = 49\n")
    for result in (push.rollcall.run("push", "plan", "okta"), push.apply(plan)):
        assert 5 == result.code
        assert "was made before the rules were changed" in result.out + result.err

    push.follow(GENEROUS + "changes = 49\n")
    result = push.apply(plan)
    assert 5 == result.code and "the rules were changed after the plan was made" in result.out
    assert "make a new plan: `rollcall push plan okta`" in result.out
    assert [] == push.writes()
    other = push.plan()
    assert other["rules_sha256"] != plan["rules_sha256"] and other["digest"] != plan["digest"]
    with busy(push.rollcall):  # recorded later, which takes less time
        assert 0 == push.apply(other).code


@pytest.mark.parametrize("source", ["charthop", "okta"])
def test_a_push_needs_fresh_hr_data_and_a_fresh_target(push, source):
    """Old data of the HR system or of the target gives no plan, and stops a plan that is made."""
    plan = push.plan()
    push.change(f"update runs set status = 'incomplete' where source_name = '{source}'")
    for result in (push.rollcall.run("push", "plan", "okta"), push.apply(plan)):
        said = result.out + result.err
        assert 5 == result.code and f": {source}" in said and "the last sync was not" in said
    assert [] == push.writes()


def test_a_push_is_carried_out_and_taken_back(push):
    """What a plan of a push says is done, recorded without values, and undone from the plan.

    Whoever gave the digest approved it, so no standing approval is recorded.
    """
    plan = push.plan()
    assert 0 == push.apply(plan).code
    assert "Staff Engineer" == push.profile(ADA)["title"]
    finance = okta_id("group", FINANCE)
    assert (okta_id("user", VERA), finance) in push.okta.members
    assert (okta_id("user", NORA), finance) not in push.okta.members
    rows = push.rollcall.rows("from applied_changes where action = 'update_account'")
    known = [(row["person_id"], row["account_id"], row["changed_fields"]) for row in rows]
    person = push.rollcall.column("select person_id from people where full_name = 'Ada Park'")
    assert [(*person, push.account(ADA), ["title"])] == known
    for path in Path(plan["path"]).parent.glob("*.jsonl"):
        assert "Engineer" not in path.read_text(), path.name
    log = Path(plan["path"]).parent.joinpath("audit.jsonl").read_text().splitlines()
    [begun] = [one for one in map(json.loads, log) if one["event"] == "apply_begun"]
    assert None is begun["facts"]["approval"]

    back = planned(push.rollcall, "--undo", plan["path"], "--because", "the wrong file")
    assert 0 == applied(push.rollcall, back).code
    assert "Engineer" == push.profile(ADA)["title"]
    assert (okta_id("user", NORA), finance) in push.okta.members
    assert (okta_id("user", VERA), finance) not in push.okta.members


@pytest.mark.long
def test_what_nothing_undoes_is_said_before(push):
    """A new group stays when a push is undone, and so does a leaver outside of the group.

    The plan says of the group that nothing undoes it. A grant to somebody who has left is blocked
    where the policy closes the accounts of leavers, even if it says so only after the undo is made.
    """
    push.wants(push.create_group("Remote"))
    said = push.rollcall.run("push", "plan", "okta").out
    remote = "create group: okta: Remote (push okta/groups/remote: rule groups/remote)\n"
    assert remote in said and said.count("cannot be undone") == 1
    plan = push.plan()
    assert 0 == push.apply(plan).code

    undo = ("--undo", plan["path"], "--because", "the wrong file")
    before = planned(push.rollcall, *undo)
    assert "nothing undoes create group" in push.rollcall.run("plan", *undo).out
    (push.rollcall.home / "reviews").mkdir()
    policy = push.rollcall.home / "reviews" / "policy.toml"
    policy.write_text("[leavers]\ndisable_after_days = 0\n")
    push.change(
        "update policy.leavers set disable_after_days = 0",
        "update people set employment_status = 'leaver' where full_name = 'Nora Lind'",
    )
    refused = applied(push.rollcall, before)
    assert 5 == refused.code and "no longer asks for 1 of 3 changes" in refused.err
    result = push.rollcall.run("plan", *undo, "--json").document
    blocked = {(one["account_name"], one["blocked_because"]) for one in result["blocked"]}
    assert ("Nora Lind", "the person has left") in blocked
    assert {"revoke", "update_account"} == {one["action"] for one in result["items"]}


@pytest.mark.long
def test_a_created_account_is_known_by_its_undo(push):
    """An account that a push created is deleted by the undo, where deleting is allowed."""
    push.change("delete from planned_changes")
    push.wants(push.create("Novak"))
    said = push.rollcall.run("push", "plan", "okta").out
    assert '    login: "novak@lanternfish.example"\n    title: "Novice"\n' in said
    plan = push.plan()
    assert 0 == push.apply(plan).code
    [row] = push.rollcall.rows("from applied_changes")
    assert "charthop:person:Novak" == row["person_id"]
    users = push.okta.users.items()
    [key] = [one for one, user in users if user["profile"].get("title") == "Novice"]
    assert f"okta:user:{key}" == row["account_id"]

    back = planned(push.rollcall, "--undo", plan["path"], "--because", "nobody came")
    assert 7 == applied(push.rollcall, back).code and key in push.okta.users
    allowed = {"PROVISION__OKTA__ALLOW_DELETE": "true"}
    assert 0 == applied(push.rollcall, back, **allowed).code and key not in push.okta.users


WRONG = [
    ("kind", "access"),
    ("kind", "expiry"),
    ("kind", "whim"),
    ("rules_sha256", None),
    ("rules_sha256", "none"),
    ("limits", None),
    ("limits", {"changes": "many"}),
    ("undoes", "d" * 64),
    ("protected", None),
    ("snapshot", {"data_as_of": "2026-01-01T00:00:00Z", "runs": {"charthop": "run"}}),
    ("format", "rollcall plan 1"),
]


def test_every_field_of_a_push_plan_is_checked(push):
    """A plan of a push with one wrong field, or with a change of a review, is refused."""
    path, place = Path(push.plan()["path"]), push.rollcall.home / "x.json"
    items = json.loads(path.read_text())["items"]
    assert 3 == len(plans.read_plan(forged(path, place, is_logged=False)).changes)
    for name, value in WRONG:
        with pytest.raises(Refused):
            plans.read_plan(forged(path, place, is_logged=False, **{name: value}), to_undo=True)
    for name, value in (("reason_kind", "decision"), ("source_name", "pingone")):
        other = [items[0] | {name: value}, *items[1:]]
        with pytest.raises(Refused):
            plans.read_plan(forged(path, place, is_logged=False, items=other))
    access = {"kind": "access", "rules_sha256": None, "limits": None}
    access["snapshot"] = {"data_as_of": "2026-01-01T00:00:00Z", "runs": {"okta": "run"}}
    with pytest.raises(Refused, match="push is in a plan of access"):
        plans.read_plan(forged(path, place, is_logged=False, **access))
    wants(push.rollcall, DIRECT, count=1)
    path = planned(push.rollcall)
    for name, value in (("kind", "push"), ("rules_sha256", "a" * 64), ("limits", {"changes": 1})):
        with pytest.raises(Refused):
            plans.read_plan(forged(path, place, is_logged=False, **{name: value}))


def test_an_earlier_plan_can_only_be_undone(push):
    """A plan of an earlier version is still checked field by field, and only an undo reads it."""
    wants(push.rollcall, DIRECT, count=1)
    path, place = planned(push.rollcall), push.rollcall.home / "x.json"
    document = json.loads(path.read_text()) | {"format": "rollcall plan 1"}
    for name in ("kind", "rules_sha256", "limits"):
        document.pop(name)
    path.write_text(json.dumps(document))
    earlier = forged(path, place)

    assert 5 == applied(push.rollcall, earlier).code
    assert 1 == len(plans.read_plan(earlier, to_undo=True).changes)
    undone = push.rollcall.run("plan", "--undo", str(earlier), "--because", "a test")
    assert 0 == undone.code and "nothing to change" in undone.out
    with pytest.raises(Refused):
        plans.read_plan(forged(path, place, made_by=["kim"]), to_undo=True)
