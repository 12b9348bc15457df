"""Reads the applications of an org, and who has them: by themselves, or through a group.

SOURCES__OKTA__APPLICATIONS may leave out what users have by themselves, or everything. What is not
read stays as an earlier sync read it, because nothing says that it is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import pyarrow as pa

from pipelines.sources.incremental import keep_or_read
from pipelines.sources.okta.access import Delta, rows_by_id
from pipelines.sources.okta.client import APPLICATIONS_RIGHT, Okta
from pipelines.sources.okta.rows import cut_application, get_count
from pipelines.sources.raw_rows import Row, read_id, row_ids, wrap_rows

LIST_PAGE, USERS_PAGE, GROUPS_PAGE = 200, 500, 200


def read_applications(okta: Okta, *, counted: bool = True) -> list[pa.Table]:
    return okta.read_list(
        "applications",
        "apps",
        right=APPLICATIONS_RIGHT,
        size=LIST_PAGE,
        keep=cut_application,
        counted=counted,
    )


def list_service_clients(applications: dict[str, Row]) -> set[str]:
    """Return the client ids of the service apps, which may hold admin roles."""
    rows = applications.items()
    return {str(row.get("clientId") or key) for key, row in rows if row.get("isService")}


class Applications:
    """The applications of one org, read as far as the settings ask and `delta` calls for it."""

    def __init__(self, delta: Delta) -> None:
        self.delta, self.okta, self.choices = delta, delta.okta, delta.okta.choices

    @cached_property
    def tables(self) -> list[pa.Table]:
        if self.choices.applications == "none":
            return [keep_unread(self.delta, "applications")]
        return read_applications(self.okta)

    @cached_property
    def rows(self) -> dict[str, Row]:
        return rows_by_id(self.tables)

    @cached_property
    def assignable(self) -> set[str]:
        """The applications that somebody can have; nobody can have a service app."""
        return {key for key, row in self.rows.items() if not row.get("isService")}

    # ---- through groups

    @cached_property
    def groups(self) -> list[pa.Table]:
        """The groups that give each application."""
        if self.choices.applications == "none":
            return [keep_unread(self.delta, "application_groups")]
        table, find = "application_groups", self._find_doubted_groups
        return self._keep_or_read(table, find, self._read_groups)

    def _read_groups(self, key: str) -> Row | None:
        rows = self._read_rows("application_groups", key, "groups", GROUPS_PAGE)
        found = rows if rows is None else {read_id("okta: apps", row, "id") for row in rows}
        return None if found is None else {"groups": sorted(found)}

    def _find_doubted_groups(self) -> set[str]:
        """Return the applications whose groups may be others. A group says how many applications it
        gives; if that moved and the log does not tell which, all are read."""
        before = self.delta.earlier.read_rows("groups")
        for key, group in self.delta.groups.items():
            counts = [get_count(row, "appsCount") or 0 for row in (group, before.get(key, {}))]
            if counts[0] != counts[1] and key not in self.delta.log.mentions.assigned_groups:
                return {*self.rows}
        held, present = self.delta.earlier.read_rows("application_groups"), self.delta.groups.keys()
        return self._moved | {key for key, row in held.items() if not present >= {*row["groups"]}}

    # ---- of users

    def read_users(self) -> Iterator[pa.Table]:
        """Yield the users of each application, and whether a group gives it to them."""
        if self.choices.applications != "all":
            yield keep_unread(self.delta, "application_users", self.rows, self._keep_own)
        else:
            yield from self._keep_or_read(
                "application_users", self._find_doubted_users, self._read_users
            )

    def _read_users(self, key: str) -> Row | None:
        rows = self._read_rows("application_users", key, "users", USERS_PAGE)
        if rows is None:
            return None
        scopes = {read_id("okta: apps", row, "id"): row.get("scope") for row in rows}
        return {"users": [{"id": user, "scope": scopes[user]} for user in sorted(scopes)]}

    def _find_doubted_users(self) -> set[str]:
        """Return the applications whose users may be others: also those that a changed group gives,
        or gave."""
        moved, statuses = self.delta.moved_users, self.delta.statuses
        doubted = self._moved | self._find_doubted_groups()
        held = self.delta.earlier.read_rows("application_groups")
        for rows in (held, rows_by_id(self.groups)):
            changed = self.delta.changed_groups
            doubted |= {key for key, row in rows.items() if not changed.isdisjoint(row["groups"])}
        for key, row in self.delta.earlier.read_rows("application_users").items():
            users = {user["id"] for user in row["users"]}
            if "lastReadAt" in row or not users.isdisjoint(moved) or not users <= statuses.keys():
                doubted.add(key)
        return doubted

    def _keep_own(self, row: Row) -> Row:
        """Return what users have by themselves. What groups give is known from the groups."""
        present = self.delta.statuses
        is_own = self.choices.applications == "none"
        users = (user for user in row["users"] if is_own or user["scope"] == "USER")
        return row | {"users": [user for user in users if user["id"] in present]}

    # ---- both

    @cached_property
    def _moved(self) -> set[str]:
        """Applications whose row in the list moved, or that the log names."""
        before = self.delta.earlier.read_rows("applications")
        moved = {key for key, row in self.rows.items() if before.get(key) != row}
        return moved | self.delta.log.mentions.ids["AppInstance"]

    def _keep_or_read(
        self, table: str, find_doubted: Callable[[], set[str]], read: Callable[[str], Row | None]
    ) -> list[pa.Table]:
        doubted = set() if self.delta.is_sweep else find_doubted()
        return list(
            keep_or_read(
                self.okta.api,
                table,
                self.assignable,
                read,
                lambda: row_ids(read_applications(self.okta, counted=False)),
                earlier=self.delta.kept,
                doubted=doubted,
            )
        )

    def _read_rows(self, resource: str, key: str, what: str, size: int) -> list[Row] | None:
        return self.okta.or_gone(
            f"application {key}",
            lambda: self.okta.read_rows(
                resource, f"apps/{key}/{what}", right=APPLICATIONS_RIGHT, size=size
            ),
        )


def keep_unread(
    delta: Delta,
    table: str,
    present: Iterable[str] | None = None,
    keep: Callable[[Row], Row] = lambda row: row,
) -> pa.Table:
    """Return the rows of a table that this sync does not ask for, as an earlier sync read them.

    Each says when that was. Rows of objects that are not `present` any more are gone.
    """
    read_at, rows = delta.earlier.read_start(), delta.earlier.read_rows(table)
    kept = rows.keys() if present is None else rows.keys() & {*present}
    delta.counters.rows_kept[table] += len(kept)
    return wrap_rows((key, {"lastReadAt": read_at} | keep(rows[key])) for key in sorted(kept))
