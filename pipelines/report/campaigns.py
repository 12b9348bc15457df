"""The progress of the reviews: by campaign, by reviewer, and what was carried out afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from pipelines.report.queries import CHANGES_OF_CAMPAIGNS, PROGRESS
from pipelines.report.wording import count_days
from pipelines.sql import fetch_dicts
from pipelines.warehouse.current_items import items_sql


@dataclass
class Campaign:
    """One campaign with its reviewers, those with the most open decisions first."""

    name: str
    title: str
    status: str
    due: date | None
    reviewers: list[dict[str, Any]] = field(default_factory=list)
    proven: int = 0
    to_carry_out: int = 0

    def count(self, what: str) -> int:
        """Return the sum over all reviewers of `items`, `decided` or `to_change`."""
        return sum(reviewer[what] for reviewer in self.reviewers)

    def spell_due(self, today: date) -> str:
        """Return how far the end of the campaign is away, as of a day."""
        if self.due is None or self.status != "open":
            return ""
        days = (self.due - today).days
        if days < 0:
            return f"{count_days(-days)} overdue"
        return f"{count_days(days)} left" if days else "due today"


def read_campaigns(warehouse: duckdb.DuckDBPyConnection) -> list[Campaign]:
    """Return all campaigns that have items: open ones first, then the newest."""
    campaigns: dict[str, Campaign] = {}
    for row in fetch_dicts(warehouse.execute(PROGRESS.format(items=items_sql(warehouse)))):
        name = row["campaign"]
        campaign = campaigns.setdefault(
            name, Campaign(name, row["title"] or name, row["status"], row["due_on"])
        )
        campaign.reviewers.append(row)
    for name, state, changes in warehouse.execute(CHANGES_OF_CAMPAIGNS).fetchall():
        if name in campaigns:
            campaigns[name].to_carry_out += changes
            campaigns[name].proven += changes * (state == "verified")
    for campaign in campaigns.values():
        campaign.reviewers.sort(
            key=lambda row: (row["decided"] - row["items"], row["reviewer"] or "")
        )
    return sorted(campaigns.values(), key=lambda campaign: campaign.status != "open")
