"""Decides what a sync of Okta reads again, and takes the rest over from the warehouse.

Users, groups, rules and applications are read whole, and so are admin roles. The members of a group
are read again when its own date or count moved, when the log names it, when a rule fills it, or
when one of its members changed status or is gone. The users and groups of an application are read
again when the log names it, its row moved, or one of its groups or users changed. With the rows
that are taken over, the tables come out as a full read would make them.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import pyarrow as pa

from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.incremental import Sweeps, keep_or_read
from pipelines.sources.okta import counts
from pipelines.sources.okta.client import GROUPS_RIGHT, Okta
from pipelines.sources.okta.feed import Log
from pipelines.sources.okta.rows import (
    DELETED,
    get_count,
    is_built_in,
    is_everyone,
    list_rule_targets,
)
from pipelines.sources.raw_rows import Row, parse_rows, row_ids

RULES_PAGE = 200  # the documented maximum


class Delta(Sweeps):
    """What moved in one org since the last sync. A sync that cannot know is a sweep."""

    def __init__(
        self, okta: Okta, earlier: EarlierRows, *, full: bool, full_every_days: float
    ) -> None:
        super().__init__(okta.counters, earlier, full=full, full_every_days=full_every_days)
        self.okta = okta

    def read_clock(self) -> datetime | None:
        row_ids(self.rules)
        return self.okta.session.clock

    def may_miss_changes(self) -> bool:
        return not self.log.is_complete or bool(self.log.mentions.unclear)

    @cached_property
    def log(self) -> Log:
        return Log(self.okta, self.earlier, self.state.setdefault("log", {}), self.begun_at)

    # ---- the whole lists

    @cached_property
    def rules(self) -> list[pa.Table]:
        return self.okta.read_list(
            "group_rules", "groups/rules", right=GROUPS_RIGHT, size=RULES_PAGE
        )

    @cached_property
    def group_tables(self) -> list[pa.Table]:
        return self.okta.read_groups()

    @cached_property
    def groups(self) -> dict[str, Row]:
        found = rows_by_id(self.group_tables)
        counts.confirm_gone(self.okta, "groups", self.earlier, found)
        return found

    @cached_property
    def users(self) -> list[pa.Table]:
        """All users. Raises Unreadable if Okta counts more of them elsewhere."""
        tables = counts.read_all_users(self.okta, self.groups)
        counts.confirm_gone(self.okta, "users", self.earlier, row_ids(tables))
        return tables

    @cached_property
    def statuses(self) -> dict[str, str]:
        return {key: str(row.get("status")) for key, row in rows_by_id(self.users).items()}

    @cached_property
    def deactivated_users(self) -> set[str]:
        return {key for key, status in self.statuses.items() if status == DELETED}

    @cached_property
    def moved_users(self) -> set[str]:
        """Users that are new or gone, that have another status, or whose status changed meanwhile:
        it decides which applications they have, and may decide which lists show them."""
        before, now = self.earlier.read_values("users", "$.status"), self.statuses
        moved = {key for key in {*before, *now} if before.get(key) != now.get(key)}
        return moved | self.log.mentions.ids["User"]

    # ---- members

    @cached_property
    def members(self) -> list[pa.Table]:
        """The members of every group but the built-in ones, one row per group."""
        groups = {key: row for key, row in self.groups.items() if not is_built_in(row)}
        doubted = set() if self.is_sweep else self._find_doubted_groups(groups)

        def read(key: str) -> Row | None:
            return counts.read_all_members(self.okta, groups[key], lambda: self.deactivated_users)

        _ = self.deactivated_users  # read now, and not by several threads at once
        return list(
            keep_or_read(
                self.okta.api,
                "group_members",
                groups,
                read,
                self.okta.read_group_ids,
                earlier=self.kept,
                doubted=doubted,
            )
        )

    @cached_property
    def earlier_members(self) -> dict[str, set[str]]:
        rows = self.earlier.read_rows("group_members")
        return {key: {*row["members"]} for key, row in rows.items()}

    def _find_doubted_groups(self, groups: dict[str, Row]) -> set[str]:
        held, before = self.earlier_members, self.earlier.read_rows("groups")
        doubted = self.log.mentions.ids["UserGroup"] | list_rule_targets(parse_rows(self.rules))
        # A rule that was active at the last sync may have taken its members along.
        doubted |= list_rule_targets(self.earlier.read_rows("group_rules").values())
        for key, group in groups.items():
            members, earlier, count = held.get(key, set()), before.get(key, {}), get_count(group)
            # No document says whether the count includes deactivated users.
            counted = (len(members), len(members - self.deactivated_users))
            if (
                key not in held
                or group.get("lastMembershipUpdated") != earlier.get("lastMembershipUpdated")
                or count != get_count(earlier)
                or (count is not None and count not in counted)
                or not members.isdisjoint(self.moved_users)
                or not members <= self.statuses.keys()
            ):
                doubted.add(key)
        return doubted

    @cached_property
    def changed_groups(self) -> set[str]:
        """Groups whose members are not those of the last sync, and groups that are gone."""
        now = {key: {*row["members"]} for key, row in rows_by_id(self.members).items()}
        before = self.earlier_members
        changed = {key for key in {*before, *now} if before.get(key) != now.get(key)}
        changed |= {key for key, users in now.items() if not users.isdisjoint(self.moved_users)}
        built_in = {key: row for key, row in self.groups.items() if is_built_in(row)}
        # Nobody lists the members of the others, so they may always have changed.
        return changed | {
            key for key, row in built_in.items() if self.moved_users or not is_everyone(row)
        }


def rows_by_id(tables: list[pa.Table]) -> dict[str, Row]:
    """Return the vendor's objects of Arrow tables, by id."""
    return dict(zip(row_ids(tables), parse_rows(tables), strict=True))
