"""Checks what a PingOne worker application can read, with one cheap call per endpoint of a sync.

The rights of the worker application that writes are derived from its roles, so nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.failures import Denied, Failure
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.pingone.client import (
    DIRECTORY_RIGHT,
    MEMBERSHIPS_RIGHT,
    ROLES_RIGHT,
    PingOne,
)
from pipelines.sources.pingone.role_assignments import count_gateway_roles
from pipelines.sources.pingone.translation import READ_ROLES_RIGHT
from pipelines.sources.pingone.writer import Provisioner
from pipelines.sources.probe import Probe, ProbeWarning
from pipelines.sources.raw_rows import parse_rows

WRITE_PERMISSIONS = (
    *("dir:create:user", "dir:update:user", "dir:delete:user"),
    *("dir:create:groupMembership", "dir:delete:groupMembership"),
    "permissions:update:userRoleAssignments",
)


def probes(tenant: PingOne) -> Iterator[Probe]:
    """Yield the probes of a sync."""
    first: dict[str, str] = {}  # the id of the first row, by path

    def read_first(path: str, right: str) -> str:
        found, _ = next(tenant.pages(path, right=right, limit=100))
        check_rows("pingone", path, found)
        first.update((path, str(row["id"])) for row in found[:1])
        return "can be read" if found else "can be read, but has no rows"

    def read_of_first(path: str, owned: str, right: str) -> str:
        if path not in first:
            return f"not tried: there are no {path}"
        found = tenant.read_owned(f"{path}/{first[path]}/{owned}", right=right)
        return f"can be read ({len(found or [])} of the first)"

    def read_roles(path: str) -> str:
        return read_of_first(path, "roleAssignments", describe_roles_right(path))

    yield Probe("populations", lambda: read_first("populations", DIRECTORY_RIGHT))
    yield Probe("groups", lambda: read_first("groups", DIRECTORY_RIGHT))
    yield Probe("users", lambda: read_first("users", DIRECTORY_RIGHT))
    memberships = "memberOfGroups"
    yield Probe("memberships", lambda: read_of_first("users", memberships, MEMBERSHIPS_RIGHT))
    yield Probe("roles", lambda: read_first("roles", ROLES_RIGHT))
    yield Probe("applications", lambda: read_first("applications", "read access to applications"))
    yield Probe("role assignments", lambda: read_roles("users"))
    yield Probe("role assignments of groups", lambda: read_roles("groups"))
    yield Probe("role assignments of applications", lambda: read_roles("applications"))
    yield Probe("gateways", lambda: check_gateways(tenant))


def describe_roles_right(path: str) -> str:
    """Return the permission that shows the roles of these principals ("PingOne Platform API",
    PingOne permissions by identifier)."""
    return f"the permission permissions:read:{path.removesuffix('s')}RoleAssignments"


def check_gateways(tenant: PingOne) -> str:
    """Return a text if no gateway holds roles. Raises ProbeWarning if one does, or may."""
    try:
        found = count_gateway_roles(tenant)
    except Failure as failure:
        raise ProbeWarning(
            f"roles of gateways are not read ({failure.why})",
            "let it read gateways, to be warned if one holds a role",
        ) from None
    if found:
        raise ProbeWarning(
            f"roles of gateways are not read, and some hold roles: {', '.join(sorted(found))}",
            "review them in PingOne",
        )
    return "none holds a role"


def write_probes(writer: Provisioner) -> Iterator[Probe]:
    """Yield the probes of `apply`, all of which only read."""
    tenant = writer.reader

    first: dict[str, str] = {}  # the id of the first row, by path

    def read_first(path: str) -> str:
        found, _ = next(tenant.pages(path, right=DIRECTORY_RIGHT, limit=1))
        first.update((path, str(row["id"])) for row in found[:1])
        return "can be read"

    def read_roles(path: str, actions: str) -> str:
        if path not in first:
            return f"not tried: there are no {path}"
        right = describe_roles_right(path)
        try:
            tenant.read_owned(f"{path}/{first[path]}/roleAssignments", right=right)
        except Denied as denied:
            why = f"no role can be {actions}, because the roles of {path} are hidden"
            raise ProbeWarning(
                f"{why}: {denied.why}", f"give the write credential {right}"
            ) from None
        return "can be read"

    yield Probe("write: users", lambda: read_first("users"))
    yield Probe("write: groups", lambda: read_first("groups"))
    yield Probe("write: roles of users", lambda: read_roles("users", "granted or revoked"))
    yield Probe("write: roles of groups", lambda: read_roles("groups", "revoked"))
    yield Probe("write: rights", lambda: check_rights(writer))


def check_rights(writer: Provisioner) -> str:
    """Compare what the roles of the worker application permit, at any scope, with what it needs."""
    tenant, key = writer.reader, writer.client_id
    unknown = "its rights are unknown until it changes something"
    try:
        assignments = tenant.read_owned(
            f"applications/{key}/roleAssignments", right=READ_ROLES_RIGHT
        )
        roles = {str(role.get("id")): role for role in parse_rows(tenant.role_list)}
    except Failure as failure:
        raise ProbeWarning(
            f"{unknown} ({failure.why})", "let it read roles and role assignments"
        ) from None
    if assignments is None:
        raise ProbeWarning(f"{unknown}: there is no application {key}", "check the client id")
    own = [roles.get(str((row.get("role") or {}).get("id")), {}) for row in assignments]
    permits = {each.get("id") for role in own for each in role.get("permissions") or ()}
    needed = [one for one in WRITE_PERMISSIONS if one != "dir:delete:user" or writer.allow_delete]
    lacks = [one for one in needed if one not in permits]
    is_listed = None not in permits and all(role.get("permissions") for role in own)
    if lacks and not is_listed:
        raise ProbeWarning(
            f"{unknown}: PingOne does not list what its roles permit",
            "give it the role Identity Data Admin, unless it has it",
        )
    if lacks:
        raise ProbeWarning(
            f"its roles do not permit {', '.join(lacks)}", "give it the role Identity Data Admin"
        )
    names = sorted({str(role.get("name")) for role in own if role})
    return f"may change users and memberships; can grant only its own roles: {', '.join(names)}"
