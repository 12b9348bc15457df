"""Reads the admin roles of an org: standard and custom ones, of users, groups and service apps.

They are few, and read whole on every sync. Service apps are not among the users with roles, so each
is asked for its own (developer.okta.com, "Client Role Assignments"). Custom roles are held through
bindings of resource sets, whose members are paged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.http.policy import NEXT_SYNC
from pipelines.sources.okta.access import Delta, rows_by_id
from pipelines.sources.okta.applications import (
    Applications,
    keep_unread,
    list_service_clients,
    read_applications,
)
from pipelines.sources.okta.client import ROLES_RIGHT, Okta
from pipelines.sources.okta.rows import find_targets, may_have_admin_role, parse_binding_member
from pipelines.sources.raw_rows import Row, parse_rows, read_id, row_ids

ASSIGNEES_PAGE = 100
NOT_KEPT = ("_embedded", "_links")  # of an assignment
# Standard roles that cannot be limited to applications; every other one is asked for such targets
NEVER_LIMITED_TO_APPLICATIONS = {
    *("SUPER_ADMIN", "ORG_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN", "HELP_DESK_ADMIN"),
    *("READ_ONLY_ADMIN", "REPORT_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN", "MOBILE_ADMIN", "CUSTOM"),
}


def read_assignments(okta: Okta, path: str, right: str = ROLES_RIGHT) -> list[Row]:
    """Return the role assignments of one holder, with what they are limited to."""

    def read(kind: str) -> list[Row]:
        return okta.read_rows(path, path, right=right, expand=kind)

    rows = read("targets/groups")
    targets = {str(row.get("id")): find_targets(row) for row in rows}
    if any(str(row.get("type")) not in NEVER_LIMITED_TO_APPLICATIONS for row in rows):
        for row in read("targets/catalog/apps"):
            targets.setdefault(str(row.get("id")), {}).update(find_targets(row))
    made = []
    for row in sorted(rows, key=lambda row: str(row.get("id"))):
        limits = targets[str(row.get("id"))]
        kept = {name: value for name, value in row.items() if name not in NOT_KEPT}
        made.append(kept | ({"targets": limits} if limits else {}))
    return made


class Roles:
    """The admin roles of one org; what SOURCES__OKTA__ADMIN_ROLES leaves out stays as it was."""

    def __init__(self, delta: Delta, applications: Applications) -> None:
        self.delta, self.okta, self.applications = delta, delta.okta, applications
        self.is_read = delta.okta.choices.admin_roles

    # ---- who holds a role

    @cached_property
    def of_users(self) -> list[pa.Table]:
        """The roles of each user who has some, those of its groups included."""
        if not self.is_read:
            return [keep_unread(self.delta, "user_role_assignments", self.delta.statuses)]
        found = self._read_holders(
            "user_role_assignments", "users", self._read_assignee_ids(), self._read_assignee_ids
        )
        rows = (row for tables in (found, self.of_groups) for row in parse_rows(tables))
        if not any(row["roleAssignments"] for row in rows):
            raise Unreadable(
                "okta: admin roles",
                "no user and no group has one, but every org has an administrator",
                f"give the credential {ROLES_RIGHT}, then run `rollcall check okta`",
            )
        return found

    @cached_property
    def of_groups(self) -> list[pa.Table]:
        """The roles of each group that carries some."""
        groups = self.delta.groups
        if not self.is_read:
            return [keep_unread(self.delta, "group_role_assignments", groups)]
        carriers = sorted(key for key, row in groups.items() if may_have_admin_role(row))
        return self._read_holders(
            "group_role_assignments", "groups", carriers, self.okta.read_group_ids
        )

    @cached_property
    def of_clients(self) -> list[pa.Table]:
        """The roles of each service app."""
        if not self.is_read or self.okta.choices.applications == "none":
            return [keep_unread(self.delta, "client_role_assignments")]
        return self._read_holders(
            "client_role_assignments",
            f"{self.okta.url}/oauth2/v1/clients",
            sorted(list_service_clients(self.applications.rows)),
            lambda: list_service_clients(rows_by_id(read_applications(self.okta, counted=False))),
        )

    def _read_holders(
        self, table: str, path: str, holders: list[str], listed: Callable[[], Iterable[str]]
    ) -> list[pa.Table]:
        """Return one row per holder of roles. `listed` reads anew who may be one."""

        def read(key: str) -> Row | None:
            roles_path = f"{path}/{key}/roles"
            return self.okta.or_gone(key, lambda: self._read_assignments(roles_path))

        return list(self.okta.api.read_per_parent(table, holders, read, listed))

    def _read_assignee_ids(self) -> list[str]:
        rows = self._read_part("iam/assignees/users", "value", size=ASSIGNEES_PAGE)
        return sorted({read_id("okta: role assignees", row, "id") for row in rows})

    def _read_assignments(self, path: str) -> Row:
        return {"roleAssignments": read_assignments(self.okta, path)}

    # ---- custom roles, and who holds them for what

    def read_roles(self) -> Iterator[pa.Table]:
        """Yield the custom roles with their permissions."""
        if not self.is_read:
            yield keep_unread(self.delta, "roles")
            return
        rows = rows_by_id(self._read_role_list())

        def read(key: str) -> Row | None:
            path = f"iam/roles/{key}/permissions"
            found = self.okta.or_gone(f"role {key}", lambda: self._read_part(path, "permissions"))
            labels = sorted(str(one.get("label")) for one in found or ())
            return None if found is None else rows[key] | {"permissions": labels}

        yield from self.okta.api.read_per_parent(
            "roles", sorted(rows), read, lambda: row_ids(self._read_role_list())
        )

    @cached_property
    def resource_sets(self) -> list[pa.Table]:
        if not self.is_read:
            return [keep_unread(self.delta, "resource_sets")]
        return self._read_resource_sets(counted=True)

    def read_bindings(self) -> Iterator[pa.Table]:
        """Yield one row per custom role of a resource set: who holds the role for the set."""
        if not self.is_read:
            yield keep_unread(self.delta, "role_bindings")
            return

        def read(key: str) -> Row | None:
            resource_set, role = key.split("/")
            path = f"iam/resource-sets/{resource_set}/bindings/{role}/members"
            found = self.okta.or_gone(f"binding {key}", lambda: self._read_part(path, "members"))
            if found is None:
                return None
            members = sorted(map(parse_binding_member, found), key=lambda one: str(one["id"]))
            return {"resourceSetId": resource_set, "roleId": role, "members": members}

        yield from self.okta.api.read_per_parent(
            "role_bindings",
            self._list_bindings(self.resource_sets),
            read,
            lambda: self._list_bindings(self._read_resource_sets(counted=False)),
        )

    def _list_bindings(self, resource_sets: list[pa.Table]) -> list[str]:
        """Return `<resource set>/<role>` for every role that somebody holds for a set."""
        found, gone = [], set()
        for one in row_ids(resource_sets):
            path = f"iam/resource-sets/{one}/bindings"
            rows = self.okta.or_gone(
                f"resource set {one}", lambda path=path: self._read_part(path, "roles")
            )
            gone |= {one} if rows is None else set()
            found += [f"{one}/{read_id('okta: bindings', row, 'id')}" for row in rows or ()]
        if lost := gone and gone & {*row_ids(self._read_resource_sets(counted=False))}:
            why = f"{', '.join(sorted(lost))} answered 404, but is still in the list"
            raise Unreadable("okta: resource sets", why, NEXT_SYNC)
        return found

    # ---- reading

    def _read_role_list(self) -> list[pa.Table]:
        return self._read_list("roles", "iam/roles", "roles")

    def _read_resource_sets(self, *, counted: bool) -> list[pa.Table]:
        return self._read_list("resource_sets", "iam/resource-sets", "resource-sets", counted)

    def _read_list(self, table: str, path: str, rows: str, counted: bool = False) -> list[pa.Table]:
        return self.okta.read_list(table, path, right=ROLES_RIGHT, rows=rows, counted=counted)

    def _read_part(self, path: str, rows: str = "", size: int = 0, **params: str) -> list[Row]:
        return self.okta.read_rows(path, path, right=ROLES_RIGHT, rows=rows, size=size, **params)
