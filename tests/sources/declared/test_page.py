"""docs/systems.md, tested literally: its first steps, and what it says of files.

Other kinds have their sections tested beside the kind.
"""

from __future__ import annotations

import re
import subprocess
from datetime import date

from openpyxl import Workbook

from tests.support.declared import Company
from tests.support.page_of_systems import read_section

COMMAND = re.compile(r"^(?=mkdir |cat |iconv |rollcall )", re.MULTILINE)


def follow(company: Company, section: str) -> str:
    """Run every command of a section, and return what they print."""
    printed = ""
    for block in re.findall(r"^```sh\n(.+?)^```", section, re.MULTILINE | re.DOTALL):
        for command in filter(None, COMMAND.split(block)):
            if command.startswith("rollcall "):
                result = company.rollcall.run(*command.split()[1:])
                assert 0 == result.code, result.err
                printed += result.out
            else:
                subprocess.run(["bash", "-ec", command], check=True, cwd=company.home)
    return printed


def find_unseen(section: str, printed: str) -> list[list[str]]:
    """Return the lines that the page says one sees, and that were not printed, as words."""
    blocks = re.findall(r"^```text\n(.+?)^```", section, re.MULTILINE | re.DOTALL)
    lines = [line.split() for line in printed.splitlines()]
    return [words for words in map(str.split, "".join(blocks).splitlines()) if words not in lines]


def test_the_first_steps_lead_to_published_access(company):
    """A file, a look at what it becomes, and a sync: as the page says, and nothing else."""
    sections = [read_section(name) for name in ("1. Declare it", "2. Try it", "3. Read it")]

    printed = "".join(follow(company, section) for section in sections)

    assert "accounts: 2 rows (1 disabled, 1 enabled)" in printed
    assert 3 == len(company.rollcall.rows("from grants where source_name = 'expenses'"))


def test_the_csv_export_of_the_page_is_read(company):
    """The export in a code page becomes what the page shows, and a sync publishes it."""
    section = read_section("An administrator's CSV export")

    printed = follow(company, section)

    assert "exports/ledger-*.csv: ledger-20261129.csv: 0 hours old, 6 columns" in printed
    assert [] == find_unseen(section, printed), printed
    company.rollcall.sync()
    assert 3 == len(company.rollcall.rows("from grants"))


def test_the_spreadsheet_of_the_page_is_read(company):
    """The table of the page, as a workbook, becomes what the page shows."""
    section = read_section("A spreadsheet that a department keeps")
    book = Workbook()
    book.active.title = "Access"
    book.active.append(["Who may use which tool"])
    book.active.append([])
    for line in re.findall(r"^\| (?!---)(.+) \|$", section, re.MULTILINE):
        cells = [text.strip() or None for text in line.split("|")]
        day = cells[-1] or ""
        book.active.append([*cells[:-1], date.fromisoformat(day) if day[:1] == "2" else cells[-1]])
    book.create_sheet("Notes")
    book.save(company.home / "marketing.xlsx")

    printed = follow(company, section)

    assert [] == find_unseen(section, printed), printed
    assert "2026-11-02" in printed
