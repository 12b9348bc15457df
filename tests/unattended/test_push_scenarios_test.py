"""`rollcall push test` in a small company: V3, V4, and V9 of a rule that leaves the file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.company.parts import okta_id
from tests.support.push_world import FINANCE, FINANCE_RULE, MARA, NIA, OLU, RAE, TITLE, today
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import Pushing

QUESTION = ("--where", "department = 'Finance'")
EARLY = "[people]\ndays_before_start = 7\n"


def group(pushing: Pushing, *flags: str) -> dict[str, Any]:
    result = pushing.run("test", *flags, "--json")
    assert 0 == result.code, result.err
    [found] = result.document["groups"]
    return found


def rows(group: dict[str, Any]) -> set[tuple]:
    return {(row["state"], row["full_name"], row["why"]) for row in group["rows"]}


def test_a_question_finds_people_and_shows_who_moves(pushing):
    """V3: two people; Mara would join the group, Olu leave it, and Rae is blocked."""
    found = group(pushing, *QUESTION)

    moves = {
        ("to_add", "Mara Lindqvist", None),
        ("to_remove", "Olu Marsh", f"left on {today() - timedelta(days=30)}"),
        ("blocked", "Rae Moe", "deactivated"),
    }
    assert (2, moves) == (found["found"], rows(found))
    assert f"okta:group:{okta_id('group', FINANCE)}:member" == found["entitlement_id"]

    assert [] == pushing.writes() and not pushing.rollcall.sandbox.okta.seen


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("department = 'Fin", "unterminated quoted string"),
        ("true; drop table people", "--where"),
        ("today > current_date", "`today`"),
    ],
)
def test_a_wrong_question_ends_with_a_sentence(pushing, where, said):
    """V3: a mistake, a second statement and the computer's own day are refused with code 2."""
    result = pushing.run("test", "--where", where)

    assert 2 == result.code and said in result.err, result.err
    assert "Traceback" not in result.err and not pushing.rollcall.sandbox.okta.seen


def test_carrot_is_one_request_and_finds_the_same(pushing):
    """V4: ChartHop answers in one request; whom the scope cuts is told apart from V3's people."""
    pushing.write_rules(
        "[people]\nwhere = \"employment_status = 'active' and full_name <> 'Rae Moe'\"\n"
        + TITLE
        + FINANCE_RULE
    )
    pushing.forget_requests()

    found = group(pushing, "--carrot", "department:finance", "--group", "finance")

    [request] = pushing.rollcall.sandbox.charthop.seen
    assert ("GET", "/v2/org/acme/person") == (request.method, request.path)
    asked = {"q": "department:finance", "fields": "id", "includeAll": "true"}
    assert asked.items() <= request.query.items()
    assert ["Rae Moe"] == [row["full_name"] for row in found["outside_rows"]]
    assert {"Mara Lindqvist", "Olu Marsh"} == {row["full_name"] for row in found["rows"]}
    assert (1, 1) == (found["found"], found["outside"])


def test_refused_carrot_is_told_in_charthops_words(pushing):
    """V4: a query that ChartHop refuses (400) ends with code 2 and its message."""
    result = pushing.run("test", "--carrot", "departmnt:finance")

    assert 2 == result.code
    assert "invalid query: unknown field departmnt" in result.err


@pytest.mark.long
def test_new_hires_come_with_the_seat_of_their_first_day(pushing):
    """V3: a new hire within the days has title and department; ChartHop's list has neither.

    V9: the group whose rule has left the file is orphaned, and keeps its members: nobody writes.
    """
    new = FINANCE_RULE.replace("finance]", "new]").replace("Finance - all", "New")
    pushing.write_rules(EARLY + "days_after_end = 40\n" + new)

    pushing.rollcall.sync()

    seats = pushing.rollcall.rows("select full_name, job_title, department, location from people")
    found = {row["full_name"]: tuple(row.values())[1:] for row in seats}
    assert ("Analyst", "Finance", "Oslo") == found["Nia Ek"]
    assert ("Accountant", "Finance", "Oslo") == found["Olu Marsh"]
    wanted = pushing.rollcall.column("select person_id from push.wanted_members")
    # Olu left 30 days ago, and stays for 40
    assert {MARA, NIA, OLU, RAE} == {int(person[-4:]) for person in wanted}

    states = {row["rule_id"]: row["state"] for row in pushing.rollcall.rows("from push_groups")}
    assert "orphaned" == states["finance"]
    assert [] == pushing.rollcall.rows("from push_members where rule_id = 'finance'")
    assert {OLU} == pushing.members_of(FINANCE) and [] == pushing.writes()

    found = group(pushing, *QUESTION, "--group", "new")
    nia = ("blocked", "Nia Ek", "no account: profiles.create is off")
    assert nia in rows(found) and [] == pushing.writes()
