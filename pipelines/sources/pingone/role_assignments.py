"""Reads the role assignments of users, groups and worker applications, as far as needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from pipelines.failures import Failure
from pipelines.sources.pingone.client import PingOne
from pipelines.sources.pingone.incremental import Delta
from pipelines.sources.pingone.rights import DIRECTORY_RIGHT, ROLES_RIGHT
from pipelines.sources.pingone.rows import is_inherited
from pipelines.sources.raw_rows import parse_rows, read_id, row_ids, wrap_rows


def read_user_roles(delta: Delta) -> Iterator[pa.Table]:
    """Yield the role assignments of the users that the setting chooses.

    The setting chooses all users, none, or those that match a SCIM filter. The rows of other users
    stay as an earlier sync read them, because nothing says that their assignments are gone.
    """
    asked = _choose_users(delta.tenant, delta.user_ids)
    yield from _keep_or_read(delta, "users", asked, delta.moved_users)
    if delta.tenant.principals != "all":
        unread = _keep_unread(delta, {*delta.user_ids} - {*asked})
        delta.counters.warn(
            f"pingone: role assignments of {len(asked)} users are read, as configured;"
            f" those of {unread.num_rows} others stay as an earlier sync read them"
        )
        yield unread


def _choose_users(tenant: PingOne, users: list[str]) -> list[str]:
    if tenant.principals == "all":
        return users
    if tenant.principals == "groups_and_apps":
        return []
    scim = tenant.principals.removeprefix("users_matching(").removesuffix(")")
    found = tenant.read("users", right=DIRECTORY_RIGHT, filter=scim, limit=tenant.page_size)
    return sorted({read_id("pingone: users", row, "id") for row in found})


def _keep_unread(delta: Delta, users: set[str]) -> pa.Table:
    """Return the earlier rows of these users, each with the time at which it was read.

    Each row also says which assignments were inherited then; later rows of groups may not tell.
    """
    read_at = delta.earlier.read_start()
    of_groups = _find_group_assignment_ids(delta)
    kept = []
    for key, row in delta.earlier.read_rows("user_role_assignments").items():
        if key in users:
            rows = row["roleAssignments"]
            inherited = [str(one.get("id")) for one in rows if is_inherited(one, of_groups)]
            kept.append((key, {"lastReadAt": read_at, "inheritedIds": inherited} | row))
    delta.counters.rows_kept["user_role_assignments"] += len(kept)
    return wrap_rows(kept)


def read_group_roles(delta: Delta) -> Iterator[pa.Table]:
    return _keep_or_read(delta, "groups", delta.groups, delta.moved_groups)


def read_application_roles(delta: Delta) -> Iterator[pa.Table]:
    _warn_of_gateways(delta)
    before = delta.earlier.read_rows("applications")
    workers = {
        read_id("pingone: applications", row, "id"): row
        for row in parse_rows(delta.tenant.application_list)
        if row.get("type") == "WORKER"
    }
    moved = {key for key, row in workers.items() if before.get(key) != row}
    return _keep_or_read(delta, "applications", workers, moved)


def count_gateway_roles(tenant: PingOne) -> dict[str, int]:
    """Return the number of role assignments of each gateway that has any, by the gateway's name.

    A gateway is not an account, so Rollcall only warns of its roles.
    """
    found = {}
    for gateway in tenant.read("gateways", right="read access to gateways"):
        key = read_id("pingone: gateways", gateway, "id")
        if held := tenant.read_owned(f"gateways/{key}/roleAssignments", right=ROLES_RIGHT):
            found[str(gateway.get("name") or key)] = len(held)
    return found


def _warn_of_gateways(delta: Delta) -> None:
    """Warn of roles that gateways hold, or that cannot be read. No grant depends on these roles."""
    try:
        for name, count in count_gateway_roles(delta.tenant).items():
            delta.counters.warn(
                f"pingone: gateway {name} holds {count} role assignments, which are not read"
            )
    except Failure as failure:
        delta.counters.warn(f"pingone: roles of gateways are not read ({failure.why})")


def _keep_or_read(
    delta: Delta, kind: str, keys: Iterable[str], moved: set[str]
) -> Iterator[pa.Table]:
    doubted = set(keys)
    if not delta.is_sweep:
        doubted &= moved | delta.mentions.holders[kind] | _find_doubted_holders(delta, kind)
    yield from delta.keep_or_read(
        _table_of(kind),
        keys,
        doubted,
        lambda key: delta.tenant.read_role_assignments(f"{kind}/{key}"),
        kind,
    )


def _find_doubted_holders(delta: Delta, kind: str) -> set[str]:
    """Return the principals whose earlier assignments are inherited, were not read by the last
    sync, or name a role or population that is gone."""
    roles = set(row_ids(delta.tenant.role_list))
    populations = set(row_ids(delta.tenant.population_list))
    group_assignment_ids = _find_group_assignment_ids(delta)
    doubted = set()
    for key, row in delta.earlier.read_rows(_table_of(kind)).items():
        if "lastReadAt" in row:
            doubted.add(key)
        for assignment in row["roleAssignments"]:
            scope = assignment.get("scope") or {}
            if (
                (assignment.get("role") or {}).get("id") not in roles
                or (scope.get("type") == "POPULATION" and scope.get("id") not in populations)
                # An inherited assignment ends without any sign at the user.
                or (kind == "users" and is_inherited(assignment, group_assignment_ids))
            ):
                doubted.add(key)
    return doubted


def _find_group_assignment_ids(delta: Delta) -> set[str]:
    """Return the ids of the groups' role assignments, as an earlier sync read them."""
    return {
        str(assignment.get("id"))
        for row in delta.earlier.read_rows(_table_of("groups")).values()
        for assignment in row["roleAssignments"]
    }


def _table_of(kind: str) -> str:
    return f"{kind.removesuffix('s')}_role_assignments"
