"""Rollcall with push rules for the invented company's Okta."""

from __future__ import annotations

from tests.sandbox.company.parts import okta_id
from tests.support.pushing import Pushing

TITLE = '[fields.title]\nsql = "job_title"\n'
FINANCE_RULE = """
[groups.finance]
name = "Finance - all"
where = "department = 'Finance'"
"""


class Push(Pushing):
    """Rollcall with push rules, and what a sync publishes of them."""

    def sync(self, rules: str) -> str:
        """Run a sync with these rules, and return what it says."""
        self.write_rules(rules)
        return self.rollcall.sync("charthop", "okta").err

    def group(self, number: int) -> dict:
        self.okta.touch()
        return self.okta.groups[okta_id("group", number)]["profile"]

    def fields(self, where: str) -> set[tuple]:
        """Return user, attribute, live and wanted value, and why, of the rows of `push_fields`."""
        columns = "field, current_value, wanted_value, why"
        rows = self.rollcall.rows(f"select account_id, {columns} from push_fields where {where}")
        return {(self.number(row.pop("account_id")), *row.values()) for row in rows}

    def members(self, where: str) -> dict[int, str | None]:
        """Return the users in these rows of `push_members`, and why they are blocked."""
        rows = self.rollcall.rows(f"from push_members where account_id is not null and {where}")
        return {self.number(row["account_id"]): row["why"] for row in rows}

    def group_states(self) -> dict[str, tuple]:
        rows = self.rollcall.rows("from push_groups")
        return {row["rule_id"]: (row["state"], row["why"]) for row in rows}

    @staticmethod
    def number(account: str) -> int:
        return int(account[-4:])
