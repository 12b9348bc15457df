"""Memberships and role assignments: all of them, or those that may have changed and what is held.

An incremental run looks at a group or principal again when it is new, when its row in a whole list
moved, when the audit feed names it, when what is held of it contradicts a count or names something
that is gone; at dynamic and external groups always. Whatever is not looked at again is taken over
from the warehouse, so that the tables come out as a full read would make them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.failures import Denied, Unreadable
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.pingone.audit_feed import ACTIONS, Named, named_in_activities
from pipelines.sources.pingone.client import DIRECT, DIRECTORY, PingOne, counts, is_rule_managed
from pipelines.sources.raw_rows import Row, key_of, parse_rows, row_ids, wrap_rows

OVERLAP = timedelta(minutes=10)
REACH = timedelta(days=13)  # of the audit feed's 14 days


class Access:
    """Who holds what in one environment, read as far as need be."""

    def __init__(
        self, tenant: PingOne, earlier: EarlierRows, full: bool, full_every_days: float
    ) -> None:
        self.tenant, self.earlier, self.full = tenant, earlier, full
        self.counters = tenant.counters
        self.full_every = timedelta(days=full_every_days)

    # ---- whether to read everything

    @cached_property
    def state(self) -> dict[str, Any]:
        """Kept by dlt in the warehouse itself, with the data that it is about."""
        return dlt.current.source_state().setdefault("access", {})

    @cached_property
    def begun(self) -> datetime:
        """When this run began, by the vendor's clock if it tells the time."""
        row_ids(self.tenant.population_list)
        return self.tenant.session.clock or datetime.now(UTC)

    @cached_property
    def sweeps(self) -> bool:
        """Whether everything is read. Decided once, before the state moves on."""
        before = dict(self.state)
        choices = f"{self.by_group} {self.tenant.principals}"
        last = before.get("full_at")
        everything = (
            self.full
            or self.fresh is None
            or bool(self.fresh.unclear)
            or before.get("choices") != choices
            or last is None
            or self.begun - datetime.fromisoformat(last) >= self.full_every
        )
        if everything:
            self.state["full_at"] = self.begun.isoformat()
        else:
            self.counters.mode = "incremental"
        self.state["choices"] = choices
        return everything

    @cached_property
    def by_group(self) -> bool:
        """Whether members are read by group. By user is the more faithful, so it has to cost twice
        as much to be passed over; a tenant read by group stays so until it costs more."""
        if self.tenant.ways != "cheapest":
            return self.tenant.ways == "by_group"
        users = len(row_ids(self.tenant.user_list))
        calls = 0
        for group in self.groups.values():
            known = counts(group)[0]
            everyone = users if known is None or is_rule_managed(group) else known
            calls += ceil(everyone / self.tenant.page_size)
        dearer = 1 if self.state.get("by_group") else 2
        self.state["by_group"] = dearer * calls < users
        return self.state["by_group"]

    # ---- the feed

    @cached_property
    def feed(self) -> list[Row] | None:
        """Activities since the last run; None where they are too old or cannot be read."""
        cursor = self.state.get("cursor")
        begun = self.begun
        self.state["cursor"] = begun.isoformat()
        if cursor is None or begun - datetime.fromisoformat(cursor) > REACH:
            return None
        since = datetime.fromisoformat(cursor) - OVERLAP
        try:
            return [
                row
                for action in ACTIONS
                for row in self.tenant.activities(action, since, begun + timedelta(hours=1))
            ]
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404):
                raise
            self.counters.warn(
                "pingone: the audit feed cannot be read, so every run reads everything"
                " (give the credential the right to read activities)"
            )
            return None

    @cached_property
    def fresh(self) -> Named | None:
        return None if self.feed is None else named_in_activities(self.feed)

    def activities(self) -> Iterator[pa.Table]:
        known = set(self.earlier.values("activities", "$.id"))
        found = {key_of("pingone: activities", row, "id"): row for row in self.feed or ()}
        new = [(key, row) for key, row in found.items() if key not in known]
        self.counters.rows_read["activities"] = len(new)
        self.counters.rows_kept["activities"] = len(known)
        yield wrap_rows(new)

    # ---- what moved in the lists

    @cached_property
    def groups(self) -> dict[str, Row]:
        return {
            key_of("pingone: groups", row, "id"): row for row in parse_rows(self.tenant.group_list)
        }

    @cached_property
    def user_ids(self) -> list[str]:
        return row_ids(self.tenant.user_list)

    @cached_property
    def moved_users(self) -> set[str]:
        """Users that are new, or that PingOne says were updated since."""
        before = self.earlier.values("users", "$.updatedAt")
        now = ((str(row["id"]), row.get("updatedAt")) for row in parse_rows(self.tenant.user_list))
        return {key for key, at in now if key not in before or before[key] != at}

    @cached_property
    def moved_groups(self) -> set[str]:
        """Groups that are new or differ in anything."""
        before = self.earlier.rows("groups")
        return {key for key, row in self.groups.items() if before.get(key) != row}

    # ---- nesting

    def nestings(self) -> list[pa.Table]:
        return self.nesting_tables

    @cached_property
    def nesting_tables(self) -> list[pa.Table]:
        """Children of each group that may have some; or parents, where that cannot be asked."""
        askable = [
            key
            for key, row in self.groups.items()
            if counts(row)[1] != 0 and not row.get("sourceType")
        ]
        before = {} if self.sweeps else self.earlier.rows("group_nestings")
        by_parents = any("parents" in row for row in before.values())
        if not by_parents:
            again = {key for key in askable if self._kin_in_doubt(key, before.get(key))}
            try:
                return list(self.kept("group_nestings", askable, again, self.tenant.children))
            except Unreadable as failure:
                if failure.status != 400:
                    raise
                for counter in (
                    self.counters.pages,
                    self.counters.rows_read,
                    self.counters.rows_kept,
                ):
                    counter.pop("group_nestings", None)
                before = {}
        again = {key for key in self.groups if self._kin_in_doubt(key, before.get(key))}
        return list(self.kept("group_nestings", self.groups, again, self.tenant.parents))

    def _kin_in_doubt(self, key: str, row: Row | None) -> bool:
        if self.sweeps or row is None or key in self.moved_groups | self._named("groups"):
            return True
        children, count = row.get("children"), counts(self.groups[key])[1]
        if children is not None and count is not None and count != len(children):
            return True
        return any(kin not in self.groups for kin in [*(children or ()), *row.get("parents", ())])

    def _named(self, kind: str) -> set[str]:
        return self.fresh.members[kind] if self.fresh else set()

    # ---- members

    def group_members(self) -> Iterator[pa.Table]:
        if not self.by_group:
            return
        again = set(self.groups) if self.sweeps else self._groups_in_doubt()
        yield from self.kept(
            "group_members",
            self.groups,
            again,
            lambda key: self.tenant.members(key, self.groups[key]),
        )

    def _groups_in_doubt(self) -> set[str]:
        before = self.earlier.rows("group_members")
        present = set(self.user_ids)
        doubted = self.moved_groups | self._named("groups")
        holding: dict[str, set[str]] = defaultdict(set)  # user -> groups, as held
        for key, row in self.groups.items():
            known = before.get(key)
            direct = (known or {}).get("direct") or []
            count = counts(row)[0]
            if (
                known is None
                or is_rule_managed(row)
                or (count is not None and count != len(direct))
                or not present.issuperset(direct)
            ):
                doubted.add(key)
            for user in direct:
                holding[user].add(key)
        asked = (self.moved_users | self._named("users")) & present
        if len(asked) > len(self.groups):
            return set(self.groups)  # so many users moved that all groups cost less
        try:
            for user, row in self.tenant.api.each(sorted(asked), self.tenant.groups_of):
                doubted |= holding[user] ^ directly(row)
        except Denied:
            return set(self.groups)  # a user's groups need a right that a group's users do not
        return doubted & set(self.groups)

    def user_memberships(self) -> Iterator[pa.Table]:
        if self.by_group:
            return
        again = set(self.user_ids) if self.sweeps else self._users_in_doubt()
        yield from self.kept(
            "user_memberships", self.user_ids, again, self.tenant.groups_of, "users"
        )

    def _users_in_doubt(self) -> set[str]:
        before = self.earlier.rows("user_memberships")
        doubted = (set(self.user_ids) - set(before)) | self.moved_users | self._named("users")
        direct: dict[str, set[str]] = defaultdict(set)
        every: dict[str, set[str]] = defaultdict(set)
        for user, row in before.items():
            for group in directly(row):
                direct[group].add(user)
            for membership in row["memberships"]:
                every[membership["id"]].add(user)
        for group in set(every) - set(self.groups) | self._kin_moved():
            doubted |= every[group]
        for key, row in self.groups.items():
            if is_rule_managed(row):
                doubted |= every[key] ^ set(self.tenant.member_ids(key, ""))
            elif counts(row)[0] != len(direct[key]) or key in self._named("groups"):
                doubted |= direct[key] ^ set(self.tenant.member_ids(key, DIRECT))
        return doubted

    def _kin_moved(self) -> set[str]:
        """Groups whose way up has changed: their members' indirect memberships have too."""
        before = edges(self.earlier.rows("group_nestings").items())
        rows = zip(row_ids(self.nesting_tables), parse_rows(self.nesting_tables), strict=True)
        return {child for child, _ in before ^ edges(rows)}

    # ---- role assignments

    def user_roles(self) -> Iterator[pa.Table]:
        users = self.user_ids
        if self.tenant.principals == "groups_and_apps":
            self.counters.warn("pingone: role assignments of users are not read, as configured")
            return
        if self.tenant.principals != "all":
            scim = self.tenant.principals.removeprefix("users_matching(").removesuffix(")")
            size = self.tenant.page_size
            found = self.tenant.read("users", "users", DIRECTORY, filter=scim, limit=size)
            users = sorted({key_of("pingone: users", row, "id") for row in found})
            self.counters.warn(
                "pingone: role assignments of some users only are read, as configured"
            )
        yield from self._assignments("users", "user_role_assignments", users, self.moved_users)

    def group_roles(self) -> Iterator[pa.Table]:
        return self._assignments("groups", "group_role_assignments", self.groups, self.moved_groups)

    def application_roles(self) -> Iterator[pa.Table]:
        before = self.earlier.rows("applications")
        workers = {
            key_of("pingone: applications", row, "id"): row
            for row in parse_rows(self.tenant.application_list)
            if row.get("type") == "WORKER"
        }
        moved = {key for key, row in workers.items() if before.get(key) != row}
        return self._assignments("applications", "application_role_assignments", workers, moved)

    def _assignments(
        self, kind: str, resource: str, keys: Iterable[str], moved: set[str]
    ) -> Iterator[pa.Table]:
        keys = list(keys)
        again = set(keys)
        if not self.sweeps:
            roles = set(row_ids(self.tenant.role_list))
            populations = set(row_ids(self.tenant.population_list))
            named_ = self.fresh.holders[kind] if self.fresh else set()
            again = (moved | named_) & again
            for key, row in self.earlier.rows(resource).items():
                for held in row["roleAssignments"]:
                    scope = held.get("scope") or {}
                    gone = scope.get("type") == "POPULATION" and scope.get("id") not in populations
                    gone = gone or (held.get("role") or {}).get("id") not in roles
                    if gone or (kind == "users" and self._is_inherited(held)):
                        again.add(key)
            again &= set(keys)
        yield from self.kept(
            resource, keys, again, lambda key: self.tenant.roles_of(kind, key), kind
        )

    @cached_property
    def _ids_of_groups_assignments(self) -> set[str]:
        held = self.earlier.rows("group_role_assignments").values()
        return {str(assignment.get("id")) for row in held for assignment in row["roleAssignments"]}

    def _is_inherited(self, held: Row) -> bool:
        """Whether a user's assignment is really a group's, as some tenants may show it (that and
        under which key is not documented): it goes without any sign at the user."""
        words = " ".join(str(held.get(key)) for key in ("type", "inheritance", "inheritanceType"))
        shared = str(held.get("id")) in self._ids_of_groups_assignments
        return shared or "group" in held or "inherit" in words.lower() or "INDIRECT" in words

    def kept(
        self,
        resource: str,
        keys: Iterable[str],
        again: set[str],
        call: Callable[[str], Row | None],
        kind: str = "groups",
    ) -> Iterator[pa.Table]:
        """One row for each of `keys`: read if it is in `again` or not held, else as held. `kind` is
        the list that they are of, which decides whether one that answers 404 is gone."""
        keys = sorted(keys)
        held = self.earlier.table(resource) if not self.sweeps else wrap_rows(())
        wanted = pa.array(sorted(set(keys) - again), pa.string())
        kept = held.filter(pc.is_in(held["id"], value_set=wanted))
        self.counters.rows_kept[resource] += kept.num_rows
        yield kept
        known = set(kept["id"].to_pylist())
        rest = [key for key in keys if key not in known]
        yield from self.tenant.api.per_parent(
            resource, rest, call, lambda: self.tenant.listed(kind)
        )


def directly(row: Row | None) -> set[str]:
    """The groups that a user says it is in itself."""
    memberships = (row or {"memberships": ()})["memberships"]
    return {entry["id"] for entry in memberships if entry["type"] in (None, "DIRECT")}


def edges(rows: Iterable[tuple[str, Row]]) -> set[tuple[str, str]]:
    """(child, parent) for every direct nesting."""
    found = set()
    for key, row in rows:
        found |= {(child, key) for child in row.get("children", ())}
        found |= {(key, parent) for parent in row.get("parents", ())}
    return found
