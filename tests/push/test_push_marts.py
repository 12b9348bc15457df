"""A sync says what a push would change today, and why it would not. It changes nothing itself."""

from __future__ import annotations

import pytest

from tests.sandbox.company.okta import VPN
from tests.sandbox.company.parts import okta_id
from tests.sandbox.server import Fault
from tests.support.faults import status
from tests.support.push_rules import FINANCE_RULE, TITLE

NORA, HENRIK, ADA, IVO, SAKURA, SHARED = (2, 3, 4, 7, 10, 18)
PRIYA, PAUL, INES, VERA = (22, 26, 27, 30)


def test_a_sync_tells_the_three_changes_of_tomorrows_push(first_day, next_day):
    """An old title, a joiner and a leaver are three changes.

    When only the title changes in HR, the next sync tells the new one.
    """
    change = (ADA, "title", '"Engineer"', '"Staff Engineer"', None)
    assert {change} == first_day.fields("state = 'differs' and field = 'title'")
    assert {VERA} == {*first_day.members("rule_id = 'finance' and state = 'to_add'")}
    assert {NORA} == {*first_day.members("rule_id = 'finance' and state = 'to_remove'")}
    assert ("owned", None) == first_day.group_states()["finance"]

    change = (ADA, "title", '"Engineer"', '"Principal Engineer"', None)
    assert change in next_day.fields("state = 'differs' and field = 'title'")


def test_blanks_and_what_others_decide_are_left_alone(first_day, next_day):
    """A blank of HR is kept or cleared as the rule says, and an empty text is a blank.

    What the Active Directory decides is not written, nor what identifies an administrator.
    """
    is_team = "field = 'charthopTeam' and account_id like '%{:04}' and state = '{}'".format
    assert first_day.fields(is_team(ADA, "kept")) and first_day.fields(is_team(HENRIK, "same"))
    place = (SAKURA, "officeLocation", None, '"Remote"', None)
    assert place in first_day.fields("state = 'differs'")
    assert ("to_create", None) == first_day.group_states()["remote"]
    assert SAKURA in first_day.members("rule_id = 'remote' and state = 'to_add'")
    blocked = {(row[0], row[1]): row[-1] for row in first_day.fields("state = 'blocked'")}
    assert "mastered by corp.lanternfish.example" == blocked[PAUL, "title"]
    assert "holds a privileged entitlement" == blocked[PRIYA, "email"]
    differs = {row[0] for row in first_day.fields("field = 'email' and state = 'differs'")}
    assert {SAKURA, INES} == differs  # Ines is found by her number
    assert not first_day.fields("field = 'login'")

    assert {(ADA, "charthopTeam", '"Compilers"', None, None)} == next_day.fields(
        "wanted_value is null and state = 'differs'"
    )
    assert (SAKURA, "identifies an account") in {
        (row[0], row[-1]) for row in next_day.fields("field = 'email' and state = 'blocked'")
    }


@pytest.mark.long
def test_a_group_is_filled_only_if_it_is_the_rules_own(push):
    """A group of the same name is nobody's to fill until the file adopts it by its id.

    A rule that adds only removes nobody, and a rule that leaves the file leaves its group alone.
    """
    group = '[groups.network]\nname = "VPN"\nwhere = "department = \'Support\'"\n'
    push.sync(FINANCE_RULE + group)

    assert ("blocked", "not ours: adopt it by its id") == push.group_states()["network"]
    assert {"not ours: adopt it by its id"} == {*push.members("rule_id = 'network'").values()}

    adopting = group + f'adopt = "{okta_id("group", VPN)}"\n'
    push.sync(FINANCE_RULE + "[profiles]\nreactivate = true\n" + adopting)

    assert ("adopted", None) == push.group_states()["network"]
    leaving = {*push.members("rule_id = 'network' and state = 'to_remove'")}
    assert {17, 28, 101} <= leaving and IVO not in leaving  # two who left, and a supplier
    assert "ambiguous" in push.members("state = 'blocked'")[SHARED]
    [back] = push.rollcall.rows("from push_accounts where state = 'to_reactivate'")
    assert (IVO, 2) == (push.number(back["account_id"]), len(back["returns"]))

    push.sync(adopting + 'members = "add_only"\n')

    assert {"finance": ("orphaned", None), "network": ("adopted", None)} == push.group_states()
    assert leaving | {SHARED} == {*push.members("state = 'kept'")}


@pytest.mark.long
def test_rules_without_an_answer_stop_no_sync(push):
    """A rule that HR cannot answer is told, and takes nobody out of a group; the sync goes on.

    Without rules the tables are there, and empty.
    """
    unknown = "[people]\nhr_fields = ['desk']\n"
    lacking = "where = \"hr_fields->>'desk' = 'A'\""
    switches = push.rollcall.sandbox.company.charthop.switches
    switches.unknown_field = "400"

    said = push.sync(unknown + FINANCE_RULE.replace("where = \"department = 'Finance'\"", lacking))

    assert "groups.finance: no HR system gives the field desk" in said
    state, why = push.group_states()["finance"]
    assert "blocked" == state and "no HR system gives the field desk" in why
    assert {NORA, HENRIK} <= {*push.members("state = 'blocked'")}

    push.sync(FINANCE_RULE.replace("department =", "departmnt ="))

    assert "departmnt" in push.group_states()["finance"][1]
    assert not push.members("state <> 'blocked'")

    push.file.unlink()
    push.rollcall.sync("charthop")

    for table in ("push_accounts", "push_fields", "push_members"):
        assert not push.rollcall.rows(f"from {table}")
    assert {"finance": ("orphaned", None)} == push.group_states()


@pytest.mark.long
def test_rules_that_know_nothing_of_the_attributes_write_none(push):
    """Without the right to read the attributes, a sync warns, and each of them is blocked."""
    denied = status(403, {"errorCode": "E0000006"})
    closed = Fault(lambda request: "/meta/" in request.path, denied, times=9)
    push.rollcall.sandbox.okta.faults = [closed]

    said = push.sync(TITLE + FINANCE_RULE)

    assert "okta: the attributes of users cannot be read" in said
    assert {"the attributes of okta are not known"} == {
        row[-1] for row in push.fields("state <> 'same'")
    }
    assert {VERA} == {*push.members("state = 'to_add'")}
