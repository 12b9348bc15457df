"""Declares the fields without which Okta's users, groups and applications cannot be understood."""

from __future__ import annotations

from pipelines.sources.needed_fields import NeededField
from pipelines.sources.okta.client import APPLICATIONS_RIGHT, GROUPS_RIGHT, USERS_RIGHT


def needed_fields() -> list[NeededField]:
    """Return the fields that staging needs, and the right that shows each."""

    def field(resource: str, name: str, right: str, **more: bool) -> NeededField:
        paths = (f"$.{name}",)
        return NeededField(resource=resource, name=name, right=right, paths=paths, **more)

    return [
        field("users", "status", USERS_RIGHT, decides_status=True),
        field("users", "profile.login", USERS_RIGHT),
        field("users", "profile.email", USERS_RIGHT),
        field("users", "profile.employeeNumber", USERS_RIGHT, is_optional=True),
        field("users", "lastLogin", USERS_RIGHT, is_optional=True),
        field("groups", "type", GROUPS_RIGHT),
        field("groups", "profile.name", GROUPS_RIGHT),
        field("groups", "_embedded.stats.usersCount", GROUPS_RIGHT),
        field("groups", "lastMembershipUpdated", GROUPS_RIGHT),
        field("applications", "label", APPLICATIONS_RIGHT),
        field("applications", "status", APPLICATIONS_RIGHT, decides_status=True),
    ]
