"""Declares the fields of agents without which their status and access cannot be known."""

from __future__ import annotations

from pipelines.sources.haloitsm.client import AGENTS_RIGHT
from pipelines.sources.needed_fields import NeededField


def needed_fields() -> list[NeededField]:
    """Return the fields that staging needs, and the right that shows each."""
    rows_of_teams = [
        NeededField(
            resource="agents",
            name=f"teams.{name}",
            right=AGENTS_RIGHT,
            paths=(f"$.teams[*].{name}",),
            is_optional=True,  # older builds have no teams in the list of agents
        )
        for name in ("team_id", "role_id", "in_section", "is_manager")
    ]
    return [
        NeededField(resource="agents", name="isdisabled", right=AGENTS_RIGHT, decides_status=True),
        NeededField(resource="agents", name="email", right=AGENTS_RIGHT),
        *rows_of_teams,
    ]
