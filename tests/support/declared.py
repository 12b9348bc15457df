"""A company that declares systems: files in its project directory, and Rollcall to read them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.product import Result, Rollcall

EXPENSES = """
kind = "files"
title = "Expenses"
path = "expenses.csv"
how_to_revoke = "Ask finance to remove the role in Expenses > Users."

[columns]
account = "User ID"
name = "Name"
email = "Email"
status = "Status"
role = "Role"
last_login_at = "Last login"

[values.status]
active = "enabled"
inactive = "disabled"
"""
HEADER = "User ID,Name,Email,Status,Role,Last login\n"
ROWS = """\
1,Ada Lovelace,ada@lanternfish.example,Active,Approver,2026-11-20
1,Ada Lovelace,ada@lanternfish.example,Active,Submitter,2026-11-20
2,Bob Noyce,bob@lanternfish.example,Inactive,Submitter,
3,Cyd Charisse,cyd@lanternfish.example,Active,Submitter,2026-01-02
"""


@dataclass
class Company:
    """One project directory."""

    rollcall: Rollcall

    @property
    def home(self) -> Path:
        return self.rollcall.home

    def declare(self, name: str, text: str = EXPENSES, **replaced: str) -> None:
        """Write the file of a system; a keyword is a text of it and what stands there instead."""
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        (self.home / "systems").mkdir(exist_ok=True)
        (self.home / "systems" / f"{name}.toml").write_text(text, encoding="utf-8")

    def write(self, name: str, text: str = HEADER + ROWS) -> Path:
        """Write a file that a system exports."""
        path = self.home / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
        return path

    def test(self, name: str = "expenses") -> Result:
        """Try a system."""
        return self.rollcall.run("systems", "test", name, "--show", "100", "--json")

    def rows(self, table: str, name: str = "expenses") -> list[dict[str, Any]]:
        """Return the rows that a system would become."""
        result = self.test(name)
        assert 0 == result.code, result.out
        return result.document["becomes"][table]["first"]

    def refusal(self, name: str = "expenses") -> tuple[int, str]:
        """Return the exit code, and what and why of the failure."""
        result = self.test(name)
        assert result.code, result.out
        [failure] = json.loads(result.out)["failures"]
        assert failure["next"]
        return result.code, f"{failure['what']}: {failure['why']}; {failure['next']}"
