"""Rollcall with push rules that are tried on the published company (`rollcall push test`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.company.parts import okta_id
from tests.support.product import Result
from tests.support.push_rules import TITLE as TITLE
from tests.support.pushing import Pushing

FINANCE = f"""
[groups.finance]
name = "Finance"
adopt = "{okta_id("group", 1)}"
where = "department='Finance'"
"""
HELPERS = ("--where", "department in ('Support', 'Engineering')", "--group", "finance")
VPN = f'[groups.vpn]\nname = "VPN"\nadopt = "{okta_id("group", 8)}"\n'


class Trying(Pushing):
    """Rollcall with a published warehouse, and rules that are tried."""

    def test(self, rules: str, *flags: str, **settings: str) -> Result:
        self.write_rules(rules)
        return self.run("test", *flags, **settings)

    def document(self, rules: str, *flags: str) -> dict[str, Any]:
        result = self.test(rules, "--limit", "99", *flags, "--json")
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
