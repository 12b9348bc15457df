"""Expenses, the fifth system of the invented company: a tool that only exports a list of its users.

The tool has no API. An administrator exports the list as CSV, one row per user and role, and a file
`systems/expenses.toml` says what the columns mean.
"""

from __future__ import annotations

import csv
from pathlib import Path

DECLARATION = """\
kind = "files"
title = "Expenses"
path = "{path}"
how_to_revoke = "{how}"
values.status = {{active = "enabled", inactive = "disabled"}}

[columns]
account = "User ID"
name = "Name"
email = "Email"
status = "Status"
role = "Role"
"""
HOW = "In Expenses, open Settings > Users, choose the user, and remove the role."
HEADER = ("User ID", "Name", "Email", "Status", "Role")
# Nora left in March 2026 and Olu in 2025. Nobody told the finance team, who own the tool.
USERS = (
    ("101", "Mira Solberg", "mira.solberg@lanternfish.example", ("Approver",)),
    ("102", "Nora Lind", "nora.lind@lanternfish.example", ("Approver", "Submitter")),
    ("103", "Henrik Dahl", "henrik.dahl@lanternfish.example", ("Administrator", "Approver")),
    ("104", "Ada Park", "ada.park@lanternfish.example", ("Submitter",)),
    ("108", "Anna Kowalska", "anna.kowalska@lanternfish.example", ("Administrator", "Submitter")),
    ("117", "Olu Marsh", "olu.marsh@lanternfish.example", ("Submitter",)),
    ("127", "Ines Costa", "ines.costa@lanternfish.example", ("Approver", "Submitter")),
)


class ExpenseTool:
    """The users of the tool, and the folder that has its declaration and its last export.

    The folder may begin in `home`, the project directory of Rollcall.
    """

    def __init__(self, home: Path, folder: Path = Path("systems")) -> None:
        self.folder, self.file_name = home / folder, (folder / "expenses.csv").as_posix()
        self.users = {number: [name, mail, "Active"] for number, name, mail, _ in USERS}
        self.roles = {(number, role) for number, _, _, roles in USERS for role in roles}

    def environment(self) -> dict[str, str]:
        """Return the setting that leads Rollcall to the declaration."""
        return {"SYSTEMS__FOLDER": str(self.folder)}

    def declare(self, how: str = HOW) -> None:
        """Write the file that declares the tool, and its first export."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = DECLARATION.format(path=self.file_name, how=how)
        (self.folder / "expenses.toml").write_text(text, encoding="utf-8")
        self.export()

    def export(self) -> int:
        """Write the list of users as it is now, in one step, as a new file; return its rows."""
        path = self.folder / "expenses.csv"
        draft = path.with_suffix(".part")
        with draft.open("w", encoding="utf-8", newline="") as file:
            rows = [
                [number, name, mail, status, role]
                for number, (name, mail, status) in self.users.items()
                for role in sorted(role for user, role in self.roles if user == number) or [""]
            ]
            csv.writer(file).writerows([HEADER, *rows])
        draft.replace(path)
        return len(rows)

    def remove_role(self, number: str, role: str) -> None:
        self.roles.discard((number, role))

    def deactivate(self, number: str) -> None:
        self.users[number][2] = "Inactive"
