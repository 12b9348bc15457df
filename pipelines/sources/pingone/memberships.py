"""Reads which group is in which group, and who is in which group: by group or by user."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.sources.pingone.incremental import Delta
from pipelines.sources.pingone.rows import (
    get_declared_counts,
    is_rule_managed,
    list_direct_groups,
    list_nesting_pairs,
)
from pipelines.sources.raw_rows import Row, parse_rows, row_ids


class Memberships:
    """The nestings and memberships of one environment. `delta` decides what is read."""

    def __init__(self, delta: Delta) -> None:
        self.delta, self.tenant, self.earlier = delta, delta.tenant, delta.earlier

    # ---- groups in groups

    @cached_property
    def nestings(self) -> list[pa.Table]:
        """The children of each group that may have some; the parents of each group if the tenant
        refuses to list children."""
        before = {} if self.delta.is_sweep else self.earlier.read_rows("group_nestings")
        if not any("parents" in row for row in before.values()):
            askable = [
                key
                for key, row in self.delta.groups.items()
                if get_declared_counts(row)[1] != 0 and not row.get("sourceType")
            ]
            try:
                return self._read_nestings(askable, before, self.tenant.read_children)
            except Unreadable as failure:
                if failure.status != 400:
                    raise
                counters = self.delta.counters
                for counter in (counters.pages, counters.rows_read, counters.rows_kept):
                    counter.pop("group_nestings", None)
                before = {}
        return self._read_nestings(self.delta.groups, before, self.tenant.read_parents)

    def _read_nestings(
        self, keys: Iterable[str], before: dict[str, Row], read: Callable[[str], Row | None]
    ) -> list[pa.Table]:
        moved = self.delta.moved_groups | self.delta.mentions.members["groups"]
        doubted = {
            key
            for key in keys
            if key in moved or key not in before or self._contradicts(before[key], key)
        }
        return list(self.delta.keep_or_read("group_nestings", keys, doubted, read))

    def _contradicts(self, nesting: Row, key: str) -> bool:
        """Whether an earlier row disagrees with a group's count, or names a group that is gone."""
        children, count = nesting.get("children"), get_declared_counts(self.delta.groups[key])[1]
        if children is not None and count is not None and count != len(children):
            return True
        kin = [*(children or ()), *nesting.get("parents", ())]
        return any(key not in self.delta.groups for key in kin)

    # ---- members, by group

    def read_group_members(self) -> Iterator[pa.Table]:
        if not self.delta.is_read_by_group:
            return
        groups = self.delta.groups
        doubted = set(groups) if self.delta.is_sweep else self._find_doubted_groups()
        yield from self.delta.keep_or_read(
            "group_members", groups, doubted, lambda key: self.tenant.read_members(key, groups[key])
        )

    def _find_doubted_groups(self) -> set[str]:
        groups, mentioned = self.delta.groups, self.delta.mentions.members
        before = self.earlier.read_rows("group_members")
        present = set(self.delta.user_ids)
        doubted = self.delta.moved_groups | mentioned["groups"]
        groups_of: dict[str, set[str]] = defaultdict(set)  # user -> groups, as read earlier
        for key, group in groups.items():
            direct = before.get(key, {}).get("direct") or []
            count = get_declared_counts(group)[0]
            if (
                key not in before
                or is_rule_managed(group)
                or (count is not None and count != len(direct))
                or not present.issuperset(direct)
            ):
                doubted.add(key)
            for user in direct:
                groups_of[user].add(key)
        asked = (self.delta.moved_users | mentioned["users"]) & present
        if len(asked) > len(groups):
            return set(groups)  # reading all groups takes fewer calls than reading so many users
        try:
            for user, row in self.tenant.api.call_each(sorted(asked), self.tenant.read_memberships):
                doubted |= groups_of[user] ^ list_direct_groups(row)
        except Denied:
            return set(groups)  # reading a user's groups needs a right of its own
        return doubted & set(groups)

    # ---- memberships, by user

    def read_user_memberships(self) -> Iterator[pa.Table]:
        if self.delta.is_read_by_group:
            return
        users = self.delta.user_ids
        doubted = set(users) if self.delta.is_sweep else self._find_doubted_users()
        yield from self.delta.keep_or_read(
            "user_memberships", users, doubted, self.tenant.read_memberships, "users"
        )

    def _find_doubted_users(self) -> set[str]:
        groups, mentioned = self.delta.groups, self.delta.mentions.members
        before = self.earlier.read_rows("user_memberships")
        doubted = set(self.delta.user_ids) - set(before)
        doubted |= self.delta.moved_users | mentioned["users"]
        direct: dict[str, set[str]] = defaultdict(set)  # group -> users, as read earlier
        every: dict[str, set[str]] = defaultdict(set)
        for user, row in before.items():
            for group in list_direct_groups(row):
                direct[group].add(user)
            for membership in row["memberships"]:
                every[membership["id"]].add(user)
        for group in set(every) - set(groups) | self._find_moved_children():
            doubted |= every[group]
        for key, group in groups.items():
            if is_rule_managed(group):
                doubted |= every[key] ^ set(self.tenant.read_member_ids(key, direct=False))
            elif get_declared_counts(group)[0] != len(direct[key]) or key in mentioned["groups"]:
                doubted |= direct[key] ^ set(self.tenant.read_member_ids(key, direct=True))
        return doubted

    def _find_moved_children(self) -> set[str]:
        """Return the groups that have other parents than before, which changes the indirect
        memberships of their members."""
        before = list_nesting_pairs(self.earlier.read_rows("group_nestings").items())
        rows = zip(row_ids(self.nestings), parse_rows(self.nestings), strict=True)
        return {child for child, _ in before ^ list_nesting_pairs(rows)}
