"""Checks what a PingOne worker application can read, with one cheap call per endpoint of a sync.

The rights of the worker application that writes are derived from its roles, so nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipelines.failures import Denied, Failure, Unreadable
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.pingone.audit_feed import READ_ACTIONS
from pipelines.sources.pingone.client import PingOne
from pipelines.sources.pingone.rights import (
    APPLICATIONS_RIGHT,
    AUDIT_RIGHT,
    DIRECTORY_RIGHT,
    GATEWAYS_RIGHT,
    MEMBERSHIPS_RIGHT,
    describe_list_right,
    describe_roles_right,
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

    def probe_list(path: str, right: str, purpose: str) -> Probe:
        return Probe(path, lambda: read_first(path, right), right, purpose)

    def probe_of_first(what: str, path: str, owned: str, right: str, purpose: str) -> Probe:
        def read() -> str:
            if path not in first:
                return f"not tried: there are no {path}"
            found = tenant.read_owned(f"{path}/{first[path]}/{owned}", right=right)
            return f"can be read ({len(found or [])} of the first)"

        return Probe(what, read, right, purpose)

    def probe_roles(path: str, what: str) -> Probe:
        right = describe_roles_right(path)
        return probe_of_first(what, path, "roleAssignments", right, f"the admin roles of {path}")

    for path, purpose in (
        ("populations", "the populations that roles are limited to"),
        ("groups", "the groups"),
        ("users", "the accounts"),
    ):
        yield probe_list(path, describe_list_right(path), purpose)
    yield probe_of_first(
        "memberships", "users", "memberOfGroups", MEMBERSHIPS_RIGHT, "who is in which group"
    )
    yield probe_list("roles", "the permission permissions:read:roles", "the admin roles")
    yield probe_list("applications", APPLICATIONS_RIGHT, "the service accounts")
    yield probe_roles("users", "role assignments")
    yield probe_roles("groups", "role assignments of groups")
    yield probe_roles("applications", "role assignments of applications")
    yield Probe(
        "audit feed",
        lambda: check_feed(tenant),
        AUDIT_RIGHT,
        "what changed since the last sync, and who gave it",
    )
    yield Probe("gateways", lambda: check_gateways(tenant), GATEWAYS_RIGHT, "the roles of gateways")


def check_feed(tenant: PingOne) -> str:
    """Ask for one kind of activity. Raises ProbeWarning, because a sync works without the feed."""
    now = datetime.now(UTC)
    try:
        tenant.read_activities(READ_ACTIONS[0], now - timedelta(minutes=1), now)
    except (Denied, Unreadable) as failure:
        if failure.status not in (400, 403, 404):
            raise
        raise ProbeWarning(
            f"cannot be read, so every sync reads everything ({failure.why})",
            f"give the credential {AUDIT_RIGHT}, then run `rollcall check pingone`",
        ) from None
    return "can be read"


def check_gateways(tenant: PingOne) -> str:
    """Return a text if no gateway holds roles. Raises ProbeWarning if one does, or may."""
    try:
        found = count_gateway_roles(tenant)
    except Failure as failure:
        raise ProbeWarning(
            f"roles of gateways are not read ({failure.why})",
            f"give the credential {GATEWAYS_RIGHT}, to be warned if one holds a role",
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
