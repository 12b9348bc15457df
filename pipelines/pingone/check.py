"""What a PingOne worker application can read, one cheap call per endpoint that a sync uses."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.check import Probe
from pipelines.pingone.client import DIRECTORY, MEMBERSHIPS, ROLES, PingOne


def probes(tenant: PingOne) -> Iterator[Probe]:
    users: list[str] = []

    def first(path: str, right: str) -> str:
        found, _ = next(tenant.pages(path, path, right, limit=1))
        if path == "users":
            users.extend(str(user["id"]) for user in found)
        return "can be read" if found else "can be read, and there are none"

    def of_a_user(path: str, collection: str, right: str) -> str:
        for user in users:
            found = tenant.of("users", user, path, collection, right)
            return f"can be read ({len(found or [])} of the first user)"
        return "not tried: there is no user"

    yield Probe("populations", lambda: first("populations", DIRECTORY))
    yield Probe("groups", lambda: first("groups", DIRECTORY))
    yield Probe("users", lambda: first("users", DIRECTORY))
    yield Probe("memberships", lambda: of_a_user("memberOfGroups", "groupMemberships", MEMBERSHIPS))
    yield Probe("roles", lambda: first("roles", ROLES))
    yield Probe("role assignments", lambda: of_a_user("roleAssignments", "roleAssignments", ROLES))
    yield Probe("applications", lambda: first("applications", "read access to applications"))
