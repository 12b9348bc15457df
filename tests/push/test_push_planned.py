"""What push rules want is planned, once, and what is in the way is told with its reason."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from tests.sandbox.company.okta import FINANCE
from tests.sandbox.company.parts import okta_id
from tests.support.push_rules import FINANCE_RULE, TITLE, Push

NORA, ADA, THEO, IVO, NEW = 2, 4, 6, 7, 12
VERA = 30
MARK = f"okta:group:{okta_id('group', FINANCE)}:member"


def planned(push: Push, where: str = "true") -> list[dict[str, Any]]:
    """Return the changes of a push that a plan may make."""
    sql = "from planned_changes where reason_kind = 'push' and blocked_because is null and"
    return push.rollcall.rows(f"{sql} {where} order by action, change_id")


def blocked(push: Push) -> dict[tuple[str, str], str]:
    """Return what to do next by action and reason."""
    rows = push.rollcall.rows(
        "from planned_changes where reason_kind = 'push' and blocked_because is not null"
    )
    return {(row["action"], row["blocked_because"]): row["next_step"] for row in rows}


def applied(push: Push, known_at: str, **values: str | None) -> None:
    """Record a change of a push as done at some time, or with another outcome."""
    row = {
        "plan_digest": "p",
        "source_name": "okta",
        "reason_kind": "push",
        "outcome": "done",
        **values,
    }
    row.setdefault("change_id", "c" + json.dumps(row))
    names, places = ", ".join(row), ", ".join(f"${name}" for name in row)
    push.rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(push.rollcall.warehouse)) as connection:
        connection.execute(
            f"insert or replace into applied_changes ({names}, known_at)"
            f" values ({places}, now() + interval '{known_at}')",
            row,
        )


def account(number: int) -> str:
    return f"okta:user:{okta_id('user', number)}"


def test_the_three_changes_of_a_push_are_planned(first_day):
    """A title, a joiner and a leaver are three changes, each with what it expects and wants."""
    push = first_day
    [title] = planned(push, f"action = 'update_account' and account_id = '{account(ADA)}'")
    assert "okta/fields" == title["reason_id"]
    expected, wanted = (json.loads(title[name]) for name in ("expected_state", "wanted_state"))
    assert ("Engineer", "Staff Engineer") == (
        expected["profile"]["title"],
        wanted["profile"]["title"],
    )
    assert "update_account" == title["inverse_action"]
    [joins], [leaves] = (planned(push, f"action = '{name}'") for name in ("grant", "revoke"))
    assert (account(VERA), MARK) == (joins["account_id"], joins["entitlement_id"])
    assert (account(NORA), "okta/groups/finance") == (leaves["account_id"], leaves["reason_id"])
    assert {"okta"} == {row["through"] for row in planned(push)}
    assert [] == push.rollcall.rows("from remediations where reason_kind = 'push'")


@pytest.mark.long
def test_a_change_is_planned_again_only_when_a_sync_has_seen_it(push):
    """What was written waits for a complete sync; if it is wanted then, it is another change."""
    push.sync(TITLE)
    [first] = planned(push)
    title = {"action": "update_account", "reason_id": "okta/fields", "account_id": account(ADA)}

    applied(push, "1 hour", change_id=first["change_id"], **title)
    push.sync(TITLE)
    assert [] == planned(push)

    applied(push, "-1 second", change_id=first["change_id"], **title)
    push.sync(TITLE)
    [second] = planned(push)
    assert first["wanted_state"] == second["wanted_state"]
    assert first["change_id"] != second["change_id"]


@pytest.mark.long
def test_a_new_account_has_its_attributes_from_the_start(push):
    """A person without an account gets one, with what the rules say of it; who is back gets none.

    While no sync has seen the new account, it is not planned again.
    """
    rules = TITLE + FINANCE_RULE + "[profiles]\ncreate = true\n"
    push.sync(rules)

    [made] = planned(push, "action = 'create_account'")
    assert made["person_id"].endswith(f"{NEW:04}") and made["account_id"] is None
    wanted = json.loads(made["wanted_state"])
    assert {"title": "Engineer"} == wanted["profile"]
    assert "E-1012" == wanted["employee_number"] and "@" in wanted["username"]
    reasons = blocked(push)
    assert "complete the person in the HR system" in reasons["create_account", "no work email"]
    assert "set profiles.reactivate" in reasons["enable_account", "deactivated"]  # Ivo's

    person = {"person_id": made["person_id"], "account_id": "okta:user:00unew"}
    applied(push, "1 hour", action="create_account", reason_id="okta/profiles", **person)
    push.sync(rules)
    assert [] == planned(push, "action = 'create_account'")

    push.sync(rules.replace("create = true", "create = false"))
    assert ("create_account", "no account: profiles.create is off") in blocked(push)


@pytest.mark.long
def test_only_an_account_that_a_push_made_is_activated(push):
    """A staged account waits for the first day if a push made it; others are only kept up."""
    rules = "[people]\ndays_before_start = 40000\n[profiles]\nreactivate = true\nactivate = {}\n"
    sql = f"from push_accounts where account_id = '{account(THEO)}'"

    push.sync(rules.format("'at_once'"))
    assert "matched" == push.rollcall.rows(sql)[0]["state"]

    applied(push, "-1 hour", action="create_account", reason_id="", account_id=account(THEO))
    push.sync(rules.format("'on_start'"))
    assert "waiting" == push.rollcall.rows(sql)[0]["state"]
    [back] = planned(push)
    assert (account(IVO), "enable_account") == (back["account_id"], back["action"])
    assert "deactivated" == json.loads(back["expected_state"])["status_detail"]

    push.sync(rules.format("'at_once'\nactivation_mail = true"))
    assert "to_activate" == push.rollcall.rows(sql)[0]["state"]
    states = {row["account_id"]: json.loads(row["wanted_state"]) for row in planned(push)}
    expected = {"status": "enabled", "source_status": "STAGED", "sends_mail": True}
    assert expected == states[account(THEO)]


@pytest.mark.long
def test_a_group_that_lost_its_mark_is_not_ours_any_more(push):
    """The journals and the mark must agree. A new name or description is a change of the group."""
    done = {"action": "create_group", "reason_id": "okta/groups/finance", "entitlement_id": MARK}
    applied(push, "-1 hour", **done)
    push.sync(FINANCE_RULE + 'description = "Whom HR has there"\n')
    [told] = planned(push, "action = 'rename_group'")
    assert ("to_rename", None) == push.group_states()["finance"]
    wanted = {"name": "Finance - all", "description": "Whom HR has there [rollcall:finance]"}
    assert wanted == json.loads(told["wanted_state"])

    push.group(FINANCE)["description"] = "By hand"
    push.sync(FINANCE_RULE)

    assert [] == planned(push)
    why = "not ours any more: its description lacks [rollcall:finance], so adopt it by its id"
    assert ("blocked", why) == push.group_states()["finance"]
    assert "set adopt" in blocked(push)["grant", why]


def test_a_new_group_is_made_before_it_is_filled(first_day):
    """A group that is not there yet is one change, and its members follow in the next round."""
    [made] = planned(first_day, "reason_id = 'okta/groups/eng'")
    assert ("create_group", "Engineers") == (made["action"], made["resource_name"])
    wanted = {"name": "Engineers", "description": "[rollcall:eng]"}
    assert (wanted, None) == (json.loads(made["wanted_state"]), made["inverse_action"])


def test_what_blocks_a_push_is_a_finding(first_day, next_day):
    """Rows that are blocked for one kind of reason are one finding, which ends with its cause."""
    sql = "select finding_id, evidence from findings where finding_type = 'push_blocked'"

    found = {row["finding_id"]: row["evidence"] for row in first_day.rollcall.rows(sql)}
    evidence = found["push_blocked:okta/mastered_by_corp_lanternfish_example"]
    assert "rule fields.title: 2 accounts" in evidence
    mastered = "from planned_changes where blocked_because like 'mastered%'"
    titles = f"{mastered} and reason like 'rule fields.title: 2 accounts%'"
    assert 1 == len(first_day.rollcall.rows(titles))

    assert "push_blocked:okta/mastered_by_corp_lanternfish_example" not in {
        *next_day.rollcall.column(sql)
    }


@pytest.mark.long
def test_what_another_system_decides_is_not_tried_daily(push):
    """An attribute that Okta refused because of its source is left alone; the others are not.

    An older version recorded no schema, and 30 days count then.
    """
    title = {"action": "update_account", "reason_id": "okta/fields", "account_id": account(ADA)}
    applied(push, "-1 day", outcome="failed", why="HTTP 403: E0000023: not allowed", **title)
    push.sync(TITLE)
    assert ("update_account", "refused once (E0000023), for 30 days") in blocked(push)

    applied(push, "-31 days", outcome="failed", why="HTTP 403: E0000023: not allowed", **title)
    push.sync(TITLE)
    assert 1 == len(planned(push))
