"""From push rules to changes in the target: what a sync publishes is planned, read and applied."""

from __future__ import annotations

import pytest

from tests.sandbox.company.okta import FINANCE, OLD_NETWORK
from tests.sandbox.company.parts import okta_id
from tests.support.product import Rollcall
from tests.support.push_rules import FINANCE_RULE, TITLE, Push
from tests.support.wanted import may_write

LIMITS = "[limits]\npercent_of_members = 50\n"
REACTIVATE = "[profiles]\nreactivate = true\n"
NORA, ADA, IVO, VERA = (2, 4, 7, 30)


@pytest.fixture
def push(rollcall: Rollcall, published) -> Push:
    """Return the rules of a company in which Ada's title is old, and Finance is a rule's group."""
    made = Push(may_write(rollcall.has(published)))
    made.profile(ADA)["title"] = "Engineer"
    made.profile(13)["title"] = "Engineer"
    made.group(FINANCE).update(name="Finance - all", description="By HR [rollcall:finance]")
    return made


@pytest.mark.long
def test_rules_become_changes_that_the_next_sync_proves(push):
    """What the rules want is planned from a sync and applied, and the next sync wants no more.

    Ivo came back, and his account kept a group that no rule gives. So only a person may apply the
    plan, which names the group. Whatever the live state says against the plan is left alone.
    """
    push.sync(LIMITS + REACTIVATE + TITLE + FINANCE_RULE)
    said = push.rollcall.run("push", "plan", "okta").out
    plan = push.rollcall.run("push", "plan", "okta", "--json").document

    assert {"update_account": 1, "enable_account": 1, "grant": 1, "revoke": 1} == (
        plan["totals"]["by_action"]
    )
    [why] = plan["exceeded"]
    assert why.startswith("Ivo Petrov would get back ") and "Old network (no rule gives it)" in why
    assert "    access that comes back: " in said and "Old network" in said
    assert '    title: "Engineer" -> "Staff Engineer"\n' in said
    assert "  + joins Vera Lindqvist\n  - leaves Nora Lind\n" in said

    push.profile(ADA)["title"] = "Boss"  # by hand
    apply = ("apply", plan["path"], "--digest", plan["digest"], "--json")
    result = push.rollcall.run(*apply)
    assert (7, {"drift": 1, "done": 3}) == (result.code, result.document["counts"])
    [step] = {item["next"] for item in result.document["items"]} - {None}
    assert "`rollcall sync` and `rollcall push plan okta`" in step
    assert "Boss" == push.profile(ADA)["title"]
    assert "DEPROVISIONED" != push.okta.users[okta_id("user", IVO)]["status"]
    assert (okta_id("user", IVO), okta_id("group", OLD_NETWORK)) in push.okta.members

    push.sync(LIMITS + REACTIVATE + TITLE + FINANCE_RULE)
    plan = push.rollcall.run("push", "plan", "okta", "--json").document
    assert [("update_account", "Ada Park")] == [
        (item["action"], item["account_name"]) for item in plan["items"]
    ]
    apply = ("apply", plan["path"], "--digest", plan["digest"])
    assert 0 == push.rollcall.run(*apply).code
    assert "Staff Engineer" == push.profile(ADA)["title"]
    push.sync(LIMITS + REACTIVATE + TITLE + FINANCE_RULE)
    assert "nothing to change" in push.rollcall.run("push", "plan", "okta").out
