"""The queries of docs/questions.md, run on the invented company."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "questions.md"
QUESTIONS = dict(
    re.findall(r"^## (.+?)\n.*?```sql\n(.+?)```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
)

PUSH_QUESTIONS = {heading: sql for heading, sql in QUESTIONS.items() if "push" in sql}


@pytest.fixture
def ask(rollcall, published):
    """Return the answer to the question whose heading begins with this text."""
    rollcall.has(published)

    def answer(beginning: str) -> list[dict[str, Any]]:
        [sql] = [sql for heading, sql in QUESTIONS.items() if heading.startswith(beginning)]
        return rollcall.rows(sql.rstrip().rstrip(";"))

    return answer


def test_every_question_of_the_page_has_an_answer(ask):
    """Every question of the page has an answer. Those about pushes are asked in test_push_doc."""
    assert 22 == len(QUESTIONS) == PAGE.read_text().count("\n## ")
    others = [heading for heading in QUESTIONS if heading not in PUSH_QUESTIONS]
    assert [] == [heading for heading in others if not ask(heading)]


def test_leavers_are_shown_with_what_they_hold(ask):
    """Leavers are shown with the access that they hold; closed accounts are not shown.

    Nora's accounts were never closed; Olu's were.
    """
    held = ask("What do people who have left")

    assert "Nora Lind" in {row["full_name"] for row in held}
    assert "Olu Marsh" not in {row["full_name"] for row in held}
    assert "Billing Admin" in " ".join(row["entitlement_name"] for row in held)


def test_questions_are_answered_with_the_access_path(ask):
    """Questions about a resource, a person and a rule are answered with the access path."""
    assert "Nora Lind" in {row["full_name"] for row in ask("Who can reach a resource")}
    mine = ask("What does one person have")
    assert ["charthop", "haloitsm", "okta", "pingone"] == [row["source_name"] for row in mine]
    assert ["disabled"] + ["enabled"] * 3 == [row["account_status"] for row in mine]
    assert "Billing administrator" in mine[-1]["privileges"]
    assert "Henrik Dahl" in {row["full_name"] for row in ask("Which access can nobody revoke")}


def test_accounts_of_nobody_are_told_apart_from_those_of_two(ask):
    """Accounts without a person are distinguished from ambiguous ones.

    HR has no mail for Jonas; Tom and Tim share a mailbox.
    """
    rules = {row["display_name"]: row["match_rule"] for row in ask("Which enabled accounts")}

    assert "none" == rules["Jonas Weber"]
    assert "ambiguous" in rules.values()


def test_the_past_and_the_changes_agree_with_the_present(ask, rollcall):
    """The past and the changes agree with the present."""
    granted = rollcall.column("select grant_id from grants")
    changes = ask("What changed between")

    assert len(granted) == len(changes) and {"granted"} == {row["event"] for row in changes}
    held = "select count(*) from grants where entitlement_id like 'pingone:group:%'"
    assert rollcall.column(held) == [len(ask("Who had it on a day"))]
    [nora] = ask("Who could reach it in March")
    assert ("Nora Lind", "direct", None) == (nora["full_name"], nora["through"], nora["held_to"])
    assert [False] * 4 == [row["is_stale"] for row in ask("How fresh and complete")]


def test_what_stands_out_is_told_worst_first_and_adds_up(ask):
    """Findings are listed worst first, and the ledger's balances are zero."""
    assert "critical" == ask("What should somebody look at")[0]["severity"]
    administrators = {row["full_name"] for row in ask("Which administrators")}
    assert {"Ada Park", "Freya Holm", "Grace Okoye", "Priya Nair", None} == administrators
    clocks = ask("How long did accounts")
    assert {("Nora Lind", True), ("Olu Marsh", False)} == {
        (row["full_name"], row["is_still_open"]) for row in clocks
    }
    assert "VPN" in {row["entitlement_name"] for row in ask("What does somebody have")}
    for row in ask("Is everything accounted for"):
        assert {0} == {value for name, value in row.items() if name.startswith("balance_")}
