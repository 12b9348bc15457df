"""Rollcall with push rules that are tried on the published company (`rollcall push test`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.sandbox.company.parts import okta_id
from tests.support.product import Result, Rollcall

FINANCE = f"""
[groups.finance]
name = "Finance"
adopt = "{okta_id("group", 1)}"
where = "department='Finance'"
"""
TITLE = """
[fields.title]
sql = "job_title"
"""
HELPERS = ("--where", "department in ('Support', 'Engineering')", "--group", "finance")
VPN = f'[groups.vpn]\nname = "VPN"\nadopt = "{okta_id("group", 8)}"\n'


class Trying:
    """Rollcall with a published warehouse, and the rules of one target."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall, self.file = rollcall, rollcall.home / "push" / "okta.toml"
        self.file.parent.mkdir()

    def change(self, *statements: str) -> None:
        """Change what is published."""
        self.rollcall.warehouse.chmod(0o600)
        with duckdb.connect(str(self.rollcall.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def run(self, rules: str, *flags: str, **settings: str) -> Result:
        self.file.write_text(rules)
        return self.rollcall.run("push", "test", "okta", *flags, **settings)

    def document(self, rules: str, *flags: str) -> dict[str, Any]:
        result = self.run(rules, "--limit", "99", *flags, "--json")
        assert 0 == result.code, result.out + result.err
        return result.document

    def group(self, rules: str, *flags: str) -> dict[str, Any]:
        [group] = self.document(rules, *flags)["groups"]
        return group

    def members(self, rules: str, *flags: str) -> dict[str, list[str]]:
        """Return the names in each state."""
        return by_state(self.group(rules, *flags)["rows"])

    def values(self, rules: str, *flags: str) -> dict[str, Any]:
        """Return each person's row of the one field."""
        [field] = self.document(rules, *flags)["fields"]
        return {row["full_name"]: row for row in field["rows"]}

    def requests(self) -> int:
        return sum(server.count() for server in self.rollcall.sandbox.servers.values())


@pytest.fixture
def trying(rollcall, published) -> Trying:
    return Trying(rollcall.has(published))


def by_state(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["state"], []).append(row["full_name"])
    return found


def reasons(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["full_name"]: row["why"] for row in rows}


def snapshot(folder: Path) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
