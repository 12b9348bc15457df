"""Taking access away in a declared system: tickets, or a list where no system takes tickets."""

from __future__ import annotations

import csv

import pytest

from pipelines.failures import Refused
from pipelines.sources.writer import LATER_FIELDS, Change
from tests.sandbox.expenses import ExpenseTool
from tests.support.applying import applied
from tests.support.declaring import close_campaign, has_left, with_expenses
from tests.support.declaring import small as small
from tests.support.product import Published, Rollcall
from tests.support.wanted import may_write

STATES = "select state, count(*)::int as changes from remediations group by all order by all"
PROTECTED = '[[protected]]\nid = "expenses:user:{}"\nreason = "legal hold"\n'
HOW = "In Expenses, open Settings > Users, choose the user, and remove the role."


@pytest.mark.long
def test_a_list_says_what_to_do_where_no_ticket_can(rollcall, small):
    """Where no system takes tickets, a CSV says what to do, and later reads prove it."""
    tool = with_expenses(rollcall, small)
    close_campaign(rollcall, has_left)

    planned = rollcall.run("plan", "--csv", "todo.csv")

    assert 0 == planned.code, planned.err
    assert (
        "nothing to change\nnot done: no write channel: no system takes tickets (3)" in planned.out
    )
    assert "next: change these by hand and sync: `rollcall plan --csv FILE` lists" in planned.out
    assert "3 changes to make by hand: todo.csv" in planned.out
    path = rollcall.home / "todo.csv"
    assert 0o600 == path.stat().st_mode & 0o777
    rows = read(rollcall)
    assert [("Nora Lind", "Approver"), ("Nora Lind", "Submitter"), ("Olu Marsh", "Submitter")] == [
        (row["person"], row["access"]) for row in rows
    ]
    nora = rows[0]
    assert ("102", "nora.lind@lanternfish.example") == (nora["account_id"][14:], nora["email"])
    assert ("Expenses", "revoke", HOW, "has left") == tuple(
        nora[name] for name in ("system", "action", "how", "why")
    )
    assert nora["decided_by"].endswith("@lanternfish.example") and nora["due"] > "2026"
    assert [{"state": "blocked", "changes": 3}] == rollcall.rows(STATES)

    tool.remove_role("102", "Approver")
    tool.remove_role("117", "Submitter")
    tool.export()
    rollcall.sync()

    again = rollcall.run("plan", "--csv", "todo.csv", "--json")
    assert ("todo.csv", 1) == (again.document["csv"], again.document["totals"]["blocked"])
    assert [("Nora Lind", "Submitter")] == [
        (one["person"], one["access"]) for one in read(rollcall)
    ]
    states = {row["state"]: row["changes"] for row in rollcall.rows(STATES)}
    assert {"blocked": 1, "verified": 2} == states


@pytest.mark.long
def test_a_list_replaces_only_a_list(rollcall, small):
    """The list is written over an earlier list, and over no other file; no cell is a formula."""
    tool = with_expenses(rollcall, small)
    tool.declare("=cmd|' /C calc'!A0")
    rollcall.sync()
    close_campaign(rollcall, has_left)
    other = rollcall.home / "notes.csv"
    other.write_text("mine\n")

    refused = rollcall.run("plan", "--csv", "notes.csv")

    assert 2 == refused.code and "is not a list of changes" in refused.err
    assert "mine\n" == other.read_text()
    rollcall.run("plan", "--csv", "todo.csv")
    assert {"'=cmd"} == {row["how"][:5] for row in read(rollcall)}


@pytest.mark.long
def test_a_protected_account_is_in_no_list(rollcall, small):
    """What the policy protects is not changed by hand either, since when ever it is protected."""
    with_expenses(rollcall, small)
    policy = rollcall.home / "reviews" / "policy.toml"
    policy.parent.mkdir()
    policy.write_text(PROTECTED.format("102"))
    close_campaign(rollcall, has_left)
    with policy.open("a") as file:
        file.write(PROTECTED.format("117"))

    planned = rollcall.run("plan", "--csv", "todo.csv")

    assert "0 changes to make by hand" in planned.out
    assert [] == read(rollcall)


@pytest.mark.long
def test_nothing_is_proven_in_a_system_that_is_gone(rollcall, small):
    """That a system is no longer read does not show that access was taken away there."""
    tool = with_expenses(rollcall, small)
    close_campaign(rollcall, has_left)
    (tool.folder / "expenses.toml").unlink()
    rollcall.sync("--accept", "expenses.system:declared->gone")

    asked = rollcall.rows("select distinct state, why, next_step from remediations")

    step = "look in expenses whether it was done: it is no longer read"
    assert [{"state": "wanted", "why": "the system is no longer read", "next_step": step}] == asked


def test_a_change_of_an_earlier_version_can_be_read():
    """A plan that an earlier version made lacks later fields, and can still be undone."""
    wanted = Change(**dict.fromkeys(Change.__dataclass_fields__) | {"how_to_revoke": "ask Kim"})
    item = {name: value for name, value in wanted.item().items() if name not in LATER_FIELDS}

    assert None is Change.of(item).how_to_revoke
    with pytest.raises(Refused):
        Change.of({name: value for name, value in item.items() if name != "reason"})


def test_a_ticket_has_what_was_approved(rollcall, small):
    """A ticket says how access is taken away, in the words of the plan, and closes when it is."""
    tool = with_desk(may_write(rollcall), small)
    planned = rollcall.run("plan", "--out", "plan.json")
    assert f"how, in Expenses: {HOW}\n" in planned.out
    assert "open ticket in haloitsm to revoke: expenses: Nora Lind, Approver" in planned.out
    plan = rollcall.home / "plan.json"

    text = (tool.folder / "expenses.toml").read_text()
    (tool.folder / "expenses.toml").write_text(text.replace("remove the role", "add a role"))
    opened = applied(rollcall, plan)
    assert 0 == opened.code, opened.err
    desk = rollcall.sandbox.company.haloitsm.desk
    [ticket] = [one for one in desk.tickets.values() if "Approver" in one.get("summary", "")]
    for words in (
        "In Expenses, take the access Approver from Nora Lind.",
        "Account: Nora Lind (expenses:user:102)",
        "Email: nora.lind@lanternfish.example",
        "Access: Approver (expenses:role:Approver:assigned)",
        f"How: {HOW}",
        "Why: has left (q4/",
        "Due: 20",
    ):
        assert words in ticket["details"]

    for number in ("102", "117"):
        for role in ("Approver", "Submitter"):
            tool.remove_role(number, role)
    tool.export()
    rollcall.sync()
    assert [{"state": "verified", "changes": 3}] == rollcall.rows(STATES)
    again = rollcall.run("plan", "--out", "plan.json")
    assert 3 == again.out.count("close ticket in haloitsm to revoke: expenses: ")
    assert 0 == applied(rollcall, plan).code
    assert ticket["dateclosed"]


@pytest.mark.long
def test_a_text_that_changed_needs_another_plan(rollcall, small):
    """What people are told to do is part of a plan: other words, and the plan is not applied."""
    tool = with_desk(may_write(rollcall), small)
    rollcall.run("plan", "--out", "plan.json")
    tool.declare("Delete the user.")
    rollcall.sync()

    refused = applied(rollcall, rollcall.home / "plan.json")

    assert 5 == refused.code
    assert "no longer asks for 3 of 3 changes as planned" in refused.err
    plan = rollcall.home / "plan.json"
    plan.write_text(plan.read_text().replace("remove the role", "add a role"))
    assert "its digest does not fit" in rollcall.run("apply", "plan.json").err


@pytest.mark.long
def test_a_host_without_the_right_to_open_tickets_says_so(rollcall, small):
    """Where the desk is read and no credential may write to it, the list takes its place."""
    with_desk(rollcall, small)

    planned = rollcall.run("plan", "--csv", "todo.csv")

    assert "no write channel: this host may open no tickets in haloitsm (3)" in planned.out
    assert "next: set the write credential of haloitsm, or change these by hand" in planned.out
    assert 3 == len(read(rollcall))


def with_desk(rollcall: Rollcall, small: Published) -> ExpenseTool:
    """Add a service desk to HR and the tool, and close a campaign; return the tool."""
    desk = {name: value for name, value in rollcall.environment.items() if "__HALOITSM__" in name}
    tool = with_expenses(rollcall, small)
    rollcall.environment |= desk
    rollcall.sync()
    close_campaign(rollcall, has_left)
    return tool


def read(rollcall: Rollcall) -> list[dict[str, str]]:
    with (rollcall.home / "todo.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]
