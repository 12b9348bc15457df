"""What a PingOne worker application can read, one cheap call per endpoint that a sync uses; and
what the one that writes may change, by the roles that it holds: nothing is tried."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.failures import Failure
from pipelines.sources.pingone.client import DIRECTORY, MEMBERSHIPS, ROLES, PingOne
from pipelines.sources.pingone.writer import READ_ROLES, Provisioner
from pipelines.sources.probe import Probe, ProbeWarning
from pipelines.sources.raw_rows import parse_rows

TO_WRITE = (
    *("dir:create:user", "dir:update:user", "dir:delete:user"),
    *("dir:create:groupMembership", "dir:delete:groupMembership"),
    "permissions:update:userRoleAssignments",
)


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


def write_probes(writer: Provisioner) -> Iterator[Probe]:
    tenant = writer.reader

    def first(path: str) -> str:
        next(tenant.pages(path, path, DIRECTORY, limit=1))
        return "can be read"

    yield Probe("write: users", lambda: first("users"))
    yield Probe("write: groups", lambda: first("groups"))
    yield Probe("write: rights", lambda: rights(writer))


def rights(writer: Provisioner) -> str:
    """What the roles of the worker application permit, wherever they apply."""
    tenant, key = writer.reader, writer.client_id
    unknown = "what it may change is not told, and shows when something is changed"
    try:
        held = tenant.of("applications", key, "roleAssignments", "roleAssignments", READ_ROLES)
        roles = {str(role.get("id")): role for role in parse_rows(tenant.role_list)}
    except Failure as failure:
        raise ProbeWarning(
            f"{unknown} ({failure.why})", "let it read roles and assignments"
        ) from None
    if held is None:
        raise ProbeWarning(f"{unknown}: there is no application {key}", "check the client id")
    own = [roles.get(str((row.get("role") or {}).get("id")), {}) for row in held]
    permits = {each.get("id") for role in own for each in role.get("permissions") or ()}
    needed = [one for one in TO_WRITE if one != "dir:delete:user" or writer.allow_delete]
    if lacks := [one for one in needed if one not in permits]:
        raise ProbeWarning(
            f"its roles do not permit {', '.join(lacks)}", "give it the role Identity Data Admin"
        )
    names = sorted({str(role.get("name")) for role in own if role})
    return f"may change users and memberships; gives only roles that it holds: {', '.join(names)}"
