"""Declares the fields of users and applications without which their status cannot be known."""

from __future__ import annotations

from pipelines.sources.needed_fields import NeededField
from pipelines.sources.pingone.rights import APPLICATIONS_RIGHT, DIRECTORY_RIGHT


def needed_fields() -> list[NeededField]:
    """Return the fields that staging needs, and the right that shows each."""
    parts_of_users = [
        NeededField(
            resource="users",
            name=name,
            right=DIRECTORY_RIGHT,
            paths=(f"$.{name}",),
            decides_status=name.startswith("account."),
            is_optional=True,
        )
        for name in ("account.status", "account.canAuthenticate", "population.id")
    ]
    return [
        NeededField(resource="users", name="enabled", right=DIRECTORY_RIGHT, decides_status=True),
        NeededField(resource="users", name="username", right=DIRECTORY_RIGHT),
        NeededField(
            resource="applications", name="enabled", right=APPLICATIONS_RIGHT, decides_status=True
        ),
        *parts_of_users,
    ]
