"""A push has limits of its own: a plan beyond them is made, and only a person may apply it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.company.okta import FINANCE, OLD_NETWORK, VPN
from tests.sandbox.company.parts import okta_id
from tests.support.applying import applied
from tests.support.product import Rollcall
from tests.support.wanted import DIRECT, busy, wants
from tests.support.wanted_push import GENEROUS, WantedPush
from tests.write_back.test_plan import planned

NORA, HENRIK, ADA, JOAN, IVO, SAKURA, VERA = (2, 3, 4, 5, 7, 10, 30)


@pytest.fixture
def push(rollcall: Rollcall, published):
    """Yield a company with push rules, whose results are recorded in the warehouse later."""
    made = WantedPush(rollcall.has(published))
    with busy(rollcall):
        yield made


def limits(**values: float) -> str:
    """Return rules with these limits, and none that matters besides."""
    generous = {"percent_of_accounts": 100, "one_field_percent": 100, "percent_of_members": 100}
    lines = [f"{name} = {value}" for name, value in (generous | {"few": 0} | values).items()]
    return "\n".join(["[limits]", *lines, ""])


def titles(push: WantedPush, *numbers: int) -> list[dict[str, Any]]:
    return [push.update(number, title="Wizard") for number in numbers]


MANY = [
    ({"changes": 1}, "changes: 2; limits.changes is 1"),
    ({"percent_of_accounts": 5.5}, "the profiles of 2 of 36 accounts change; limits.percent_of"),
    ({"one_field_percent": 5.5}, "title changes in 2 of 36 accounts; limits.one_field_percent is"),
]


@pytest.mark.parametrize(("beyond", "said"), MANY, ids=lambda one: next(iter(one)))
def test_each_limit_of_profiles_binds(push, beyond, said):
    """Changes, accounts and one attribute each have a limit, and a plan says which it exceeds.

    The percentages are those of the target's accounts, and bind where more than a few are
    concerned.
    """
    push.wants(*titles(push, ADA, HENRIK))
    push.follow(limits(**beyond))
    plan = push.plan()

    assert [True] == [one.startswith(said) for one in plan["exceeded"]], plan["exceeded"]
    text = push.rollcall.run("push", "plan", "okta").out
    assert f"beyond a limit, so only a person may approve it: {said}" in text
    [name] = beyond
    push.follow(limits(**({"changes": 2} if name == "changes" else {name: 5.6})))
    assert [] == push.plan()["exceeded"]
    push.follow(limits(**beyond | ({"changes": 2} if name == "changes" else {"few": 2})))
    assert [] == push.plan()["exceeded"]


def test_new_and_returning_accounts_have_limits(push):
    """Accounts that are created, or activated again, have limits of their own.

    A staged account that begins to work is no account that comes back.
    """
    push.wants(push.create("Novak"), push.create("Newman"), push.enable(IVO))
    push.wants(push.enable(6, detail="staged"))
    push.follow(limits(creates=1, reactivations=0))
    assert [
        "new accounts: 2; limits.creates is 1",
        "accounts activated again: 1; limits.reactivations is 0",
    ] == push.plan()["exceeded"]
    push.follow(limits(creates=2, reactivations=1))
    assert [] == push.plan()["exceeded"]


def test_values_that_become_empty_have_a_limit(push):
    """Values that become empty have a limit. What was empty before does not count."""
    assert not push.profile(ADA).get("badge")
    push.wants(push.update(ADA, title=None, badge=None), push.update(HENRIK, title=""))
    push.follow(limits(blanked=1))
    assert ["values that become empty: 2; limits.blanked is 1"] == push.plan()["exceeded"]
    push.follow(limits(blanked=2))
    assert [] == push.plan()["exceeded"]


def test_no_group_loses_most_of_its_members_unsaid(push):
    """A group loses only a part of its members without a person, however many there are."""
    members = [
        int(user[-4:]) for user, group in push.okta.members if group == okta_id("group", FINANCE)
    ]
    assert 4 == len(members)
    push.wants(*(push.leave(number, FINANCE) for number in sorted(members)[:2]))
    push.wants(push.leave(ADA, VPN))
    push.follow(limits(percent_of_members=49))
    said = "Finance: 2 of 4 members leave it; limits.percent_of_members is 49"
    assert [said] == push.plan()["exceeded"]
    for rules in (limits(percent_of_members=50), limits(percent_of_members=49, few=2)):
        push.follow(rules)
        assert [] == push.plan()["exceeded"]


def test_what_runs_without_a_person_adds_up(push):
    """The limits are those of a day: what ran without a person in the last 24 hours counts.

    What a person approved does not. Nothing but names is kept to know it.
    """
    push.follow(limits(changes=3, one_field_percent=9, percent_of_accounts=9, blanked=1))
    push.wants(*titles(push, ADA), push.update(HENRIK, title=None))
    first = push.plan()
    assert [] == first["exceeded"]
    assert {"done": 2} == push.apply_unattended(first)

    push.change("delete from planned_changes")
    push.wants(*titles(push, SAKURA), push.update(VERA, title=None))
    second = push.plan()
    assert [
        "changes: 2 beside the 2 of the last 24 hours; limits.changes is 3",
        "values that become empty: 1 beside the 1 of the last 24 hours; limits.blanked is 1",
        "the profiles of 2 of 36 accounts change beside the 2 of the last 24 hours;"
        " limits.percent_of_accounts is 9",
        "title changes in 2 of 36 accounts beside the 2 of the last 24 hours;"
        " limits.one_field_percent is 9",
    ] == second["exceeded"]
    refused = push.apply_unattended(second)
    assert "changes: 2 beside the 2 of the last 24 hours" in refused
    assert 2 == len(push.writes())
    assert 0 == push.apply(second).code and 4 == len(push.writes())

    push.change("delete from planned_changes")
    push.wants(push.update(JOAN, badge=1))
    assert [] == push.plan()["exceeded"]
    for path in Path(second["path"]).parent.glob("*.jsonl"):
        assert "Wizard" not in path.read_text(), path.name


def test_members_who_left_today_count(push):
    """Two runs of a day take no more members out of a group than one may."""
    finance = okta_id("group", FINANCE)
    members = sorted(int(user[-4:]) for user, group in push.okta.members if group == finance)
    push.follow(limits(percent_of_members=50))
    push.wants(*(push.leave(number, FINANCE) for number in members[:2]))
    assert {"done": 2} == push.apply_unattended(push.plan())

    push.change("delete from planned_changes")
    push.wants(push.leave(members[2], FINANCE))
    push.change(
        f"delete from grants where entitlement_id = '{push.entitlement(FINANCE)}'"
        f" and account_id in ('{push.account(members[0])}', '{push.account(members[1])}')"
    )  # as the next sync does
    said = "Finance: 1 of 4 members leave it beside the 2 of the last 24 hours"
    assert [f"{said}; limits.percent_of_members is 50"] == push.plan()["exceeded"]


def test_reviews_and_pushes_do_not_count_each_other(push):
    """A push leaves the limits of a review as they are, and a review those of a push."""
    push.follow(limits(changes=2))
    settings = {"PLAN__MAX_CHANGES": "2", "PLAN__MAX_PERCENT_OF_GRANTS": "0"}
    push.wants(push.leave(NORA, FINANCE), push.join(VERA, FINANCE))
    assert {"done": 2} == push.apply_unattended(push.plan())

    okta = DIRECT.replace("'pingone'", "'okta'")
    wants(push.rollcall, okta, count=2)
    review = planned(push.rollcall, **settings)
    assert 2 == len(json.loads(review.read_text())["items"])
    assert 0 == applied(push.rollcall, review, **settings).code

    push.follow(limits(changes=3))
    push.wants(push.join(ADA, OLD_NETWORK))
    assert [] == push.plan()["exceeded"]


RETURNS = [
    (OLD_NETWORK, "Old network (no rule gives it)", "member of no rule"),
    (OLD_NETWORK, "", "member"),
    (5, "IT admins (privileged)", "member"),
]


@pytest.mark.parametrize(("group", "said", "state"), RETURNS, ids=str)
def test_only_a_person_brings_old_access_back(push, group, said, state):
    """Nothing privileged comes back without a person, and no group that no rule gives."""
    push.wants(push.enable(IVO))
    account, held = push.account(IVO), push.entitlement(group)
    push.change(
        "insert into push_accounts (target, person_id, account_id, state, returns)"
        f" values ('okta', 'ivo', '{account}', 'to_reactivate', ['{held}'])",
        "insert into push_members (target, rule_id, account_id, entitlement_id, state)"
        f" select 'okta', 'old', '{account}', '{held}', 'member' where '{state}' = 'member'",
    )
    plan = push.plan()
    if not said:
        assert [] == plan["exceeded"]
        return
    why = f"Ivo Petrov would get back {said}: only a person may decide that"
    assert [why] == plan["exceeded"]
    assert why in push.apply_unattended(plan) and [] == push.writes()
    without_a_person = push.plan_unattended()
    assert [] == without_a_person["items"]
    [held] = without_a_person["blocked"]
    assert held["blocked_because"] == f"it would bring back {said}: a person decides"
    assert 0 == push.apply(plan).code


def test_a_rule_that_gives_nobody_needs_a_person(push):
    """What would empty a group is in a plan that a person reads, and in no other."""
    push.wants(push.leave(NORA, FINANCE) | {"blocked_because": "it gives nobody"})

    assert [push.account(NORA)] == [item["account_id"] for item in push.plan()["items"]]
    without_a_person = push.plan_unattended()
    assert [] == without_a_person["items"]
    [held] = without_a_person["blocked"]
    assert "it gives nobody" == held["blocked_because"]


def test_a_number_of_changes_must_be_exact(push):
    """A number of changes that somebody gives must be that of the plan, within limits or not."""
    push.follow(GENEROUS + "changes = 0\n")
    push.wants(*titles(push, ADA, HENRIK))
    for number, code in (("1", 5), ("3", 5), ("2", 0)):
        result = push.rollcall.run("push", "plan", "okta", "--max-changes", number)
        assert code == result.code, result.err
    plan = push.plan()
    assert 5 == push.apply(plan, "--max-changes", "3").code and [] == push.writes()
    assert 0 == push.apply(plan, "--max-changes", "2").code
