"""A quarterly review of the invented company: its reviewers fill in their workbooks.

The reviewers work with openpyxl instead of Excel. They change only the cells for decision and
comment, and save each file anew.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl

DEFINITION = """\
title = "Access review of the invented company"
due = {due}
fallback = "security@lanternfish.example"
second_fallback = "audit@lanternfish.example"
"""


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
    if row["Employment"].startswith("LEFT"):
        return "revoke", "has left"
    if row["Person"] == "nobody that HR knows" and row["Privileged"] == "yes":
        return "revoke", "nobody answers for this account"
    if row["Account status"] == "disabled":
        return "revoke", "the account is not used any more"
    return "keep", ""


def quarter(warehouse: Path, campaign: str, environment: dict[str, str]) -> int:
    """Open, answer, import, close and verify a campaign; print each command before it runs."""
    home = warehouse.parent
    rules, files = home / "reviews", home / "review-files"
    answers = home / "answers" / campaign
    environment |= {"REVIEW__FOLDER": str(rules), "REVIEW__FILES": str(files)}
    rules.mkdir(exist_ok=True, mode=0o700)
    due = datetime.now(UTC).date() + timedelta(days=21)
    (rules / f"{campaign}.toml").write_text(DEFINITION.format(due=due), encoding="utf-8")

    def rollcall(*arguments: str | Path) -> int:
        words = ["review", *map(str, arguments)]
        shown = " ".join(words if len(words) < 8 else [*words[:4], "…"])
        print(f"\n$ rollcall {shown}", flush=True)
        return subprocess.run(
            [sys.executable, "-m", "pipelines", *words], env=environment
        ).returncode

    opened, closed = files / campaign / "opened", files / campaign / "closed"
    code = rollcall("open", campaign) or rollcall("status", campaign)
    if code:
        return code
    made = answer(opened / "reviewers", answers)
    print(f"\nThe reviewers decide: {', '.join(f'{n} {name}' for name, n in made.most_common())}")
    code = (
        rollcall("import", campaign, *sorted(answers.glob("*.xlsx")))
        or rollcall("status", campaign)
        or rollcall("close", campaign)
        or rollcall("verify", closed)
    )
    if not code:
        print(f"\nThe warehouse   {warehouse}")
        print(f"The campaign    {rules / campaign}.toml")
        print(f"Sent out        {opened / 'reviewers'}")
        print(f"Came back       {answers}")
        print(f"For the auditor {closed}")
    return code
