"""A quarterly review of the invented company, from the opening to the proof of every change.

The reviewers work with openpyxl instead of Excel. They change only the cells for decision and
comment, and save each file anew. The service desk does what the tickets ask for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl

from pipelines.review.columns import NOBODY
from tests.sandbox import Sandbox
from tests.sandbox.company.parts import pingone_id
from tests.sandbox.expenses import ExpenseTool
from tests.sandbox.service_desk import do_tickets

DEFINITION = """\
title = "Access review of the invented company"
due = {due}
fallback = "security@lanternfish.example"
second_fallback = "audit@lanternfish.example"
"""
# Decisions take access away. Only this rule closes the account of somebody who has left.
POLICY = """\
[leavers]
disable_after_days = 0
"""
LEAVERS_SQL = "select count(*) from findings where finding_type = 'leaver_with_access'"
# Nora is the only one who administers billing: somebody must get that before she can lose it.
REQUESTS = """\
request_id,account_id,entitlement_id,reason,approved_by,requested_on
REQ-1,{account},{entitlement},takes over billing from Nora Lind,{approver},{day}
"""
MAX_ROUNDS = 4  # of plan, apply and sync; the last one has nothing to change


class Stopped(Exception):
    """A command of the story ended with an exit code other than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def answer(folder: Path, out: Path) -> Counter[str]:
    """Fill in every workbook of a campaign, save it to `out`, and return the decisions made."""
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    made: Counter[str] = Counter()
    for path in sorted(folder.glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        sheet = book["Access"]
        headers = {cell.value: cell.column for cell in sheet[1]}
        for number in range(2, sheet.max_row + 1):
            row = {
                name: str(sheet.cell(number, column).value or "")
                for name, column in headers.items()
            }
            decision, comment = _decide(row)
            sheet.cell(number, headers["decision"]).value = decision
            sheet.cell(number, headers["comment"]).value = comment or None
            made[decision] += 1
        book.save(out / path.name)
    return made


def _decide(row: dict[str, str]) -> tuple[str, str]:
    """Return the decision and the comment of a sensible reviewer."""
    if row.get("Employment", "").casefold().startswith("left"):
        return "revoke", "has left"
    if NOBODY in row["Person"] and row.get("Privileged") == "yes":
        return "revoke", "nobody answers for this account"
    if row.get("Account status") == "disabled":
        return "revoke", "the account is not used any more"
    return "keep", ""


def write_request(rules: Path) -> None:
    """Ask that Anna Kowalska becomes a member of "Billing Admin", so that Nora can lose it."""
    request = {
        "account": f"pingone:user:{pingone_id('user', 8)}",
        "entitlement": f"pingone:group:{pingone_id('group', 4)}:member",
        "approver": "henrik.dahl@lanternfish.example",
        "day": datetime.now(UTC).date(),
    }
    (rules / "requests.csv").write_text(REQUESTS.format(**request), encoding="utf-8")


def quarter(
    sandbox: Sandbox, tool: ExpenseTool, warehouse: Path, campaign: str, environment: dict[str, str]
) -> int:
    """Review, change and prove; print each command before it runs. Return the exit code."""
    home = warehouse.parent
    rules, files = home / "reviews", home / "review-files"
    answers, changes = home / "answers" / campaign, home / "changes"
    environment |= sandbox.write_environment() | {
        "REVIEW__FOLDER": str(rules),
        "REVIEW__FILES": str(files),
        "CHANGES__FOLDER": str(changes),
        "APPLY__CHANGES_PER_SECOND": "0",
    }
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    rules.mkdir(exist_ok=True, mode=0o700)
    (rules / "policy.toml").write_text(POLICY, encoding="utf-8")
    write_request(rules)
    definition = DEFINITION.format(due=datetime.now(UTC).date() + timedelta(days=21))
    (rules / f"{campaign}.toml").write_text(definition, encoding="utf-8")

    def rollcall(*arguments: str | Path) -> None:
        words = [*map(str, arguments)]
        shown = " ".join(words if len(words) < 9 else [*words[:5], "…"])
        print(f"\n$ rollcall {shown}", flush=True)
        code = subprocess.run(
            [sys.executable, "-m", "pipelines", *words], env=environment
        ).returncode
        if code:
            raise Stopped(code if code > 0 else 128 - code)

    def sync() -> None:
        print(f"\nExpenses exports its users and roles: {tool.export()} rows", flush=True)
        rollcall("sync")

    def count_leavers() -> int:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return connection.execute(LEAVERS_SQL).fetchone()[0]

    def carry_out() -> bool:
        """Plan, apply and sync; return whether there was anything to change."""
        before = {*changes.glob("*.plan.json")}
        rollcall("plan")
        made = {*changes.glob("*.plan.json")} - before
        for plan in made:
            rollcall("apply", plan, "--digest", json.loads(plan.read_text())["digest"])
            if tickets := do_tickets(sandbox, warehouse, tool):
                print(f"\nPeople do what {tickets} tickets ask for.")
            sync()
        return bool(made)

    opened, closed = files / campaign / "opened", files / campaign / "closed"
    try:
        sync()
        live_before = count_leavers()
        rollcall("review", "open", campaign)
        rollcall("review", "status", campaign)
        made = answer(opened / "reviewers", answers)
        told = ", ".join(f"{n} {name}" for name, n in made.most_common())
        print(f"\nThe reviewers decide: {told}")
        rollcall("review", "import", campaign, *sorted(answers.glob("*.xlsx")))
        rollcall("review", "close", campaign)
        rollcall("review", "verify", closed)
        for _ in range(MAX_ROUNDS):
            if not carry_out():
                break
        rollcall("review", "close", campaign)
        rollcall("review", "verify", closed.with_name("closed-2"))
        rollcall("report", "--quiet", "--out", home / "report.html")
    except Stopped as stopped:
        return stopped.code
    print(f"\nLeavers with a live account: {live_before} before, {count_leavers()} now")
    print(f"The warehouse   {warehouse}")
    print(f"A declared one  {tool.folder / 'expenses.toml'}")
    print(f"On one page     {home / 'report.html'}")
    print(f"The campaign    {rules / campaign}.toml")
    print(f"Sent out        {opened / 'reviewers'}")
    print(f"Came back       {answers}")
    print(f"The changes     {changes}")
    print(f"For the auditor {closed.with_name('closed-2')}")
    return 0
