"""Decides what a sync of PingOne reads again, and takes the rest over from the warehouse.

A group or principal (user, group or application) is read again when it is new, when its row in a
list has changed, or when the audit feed names it. An earlier row that contradicts a count, or names
something that is gone, is read again, too, and so are all dynamic and external groups. All other
rows are taken over, so the tables are the same as after a full read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.incremental import Sweeps, keep_or_read, read_stored_time
from pipelines.sources.pingone.audit_feed import READ_ACTIONS, Mentions, find_mentions
from pipelines.sources.pingone.client import PingOne
from pipelines.sources.pingone.rights import AUDIT_RIGHT
from pipelines.sources.pingone.rows import get_declared_counts, is_rule_managed
from pipelines.sources.raw_rows import Row, parse_rows, read_id, row_ids, wrap_rows

FEED_OVERLAP = timedelta(minutes=10)
FEED_REACH = timedelta(days=13)  # the feed keeps 14 days


class Delta(Sweeps):
    """What has changed in one environment since the last sync.

    A sync that cannot know this is a sweep: it reads everything.
    """

    def __init__(
        self, tenant: PingOne, earlier: EarlierRows, *, full: bool, full_every_days: float
    ) -> None:
        super().__init__(tenant.counters, earlier, full=full, full_every_days=full_every_days)
        self.tenant = tenant

    # ---- a sweep or not

    def read_clock(self) -> datetime | None:
        row_ids(self.tenant.population_list)
        return self.tenant.session.clock

    def may_miss_changes(self) -> bool:
        """Return whether the feed misses changes, or the settings choose another way to read."""
        choices = f"{self.is_read_by_group} {self.tenant.principals}"
        before, self.state["choices"] = self.state.get("choices"), choices
        return before != choices or self.feed is None or bool(self.mentions.unclear)

    @cached_property
    def is_read_by_group(self) -> bool:
        """Whether members are read by group, and not by user."""
        if self.tenant.membership_way != "cheapest":
            return self.tenant.membership_way == "by_group"
        users = len(self.user_ids)
        calls = 0
        for group in self.groups.values():
            known = get_declared_counts(group)[0]
            members = users if known is None or is_rule_managed(group) else known
            calls += ceil(members / self.tenant.page_size)
        # Reading by user is more accurate, so a tenant changes to reading by group only when that
        # needs less than half the calls, and changes back only when it needs more calls.
        factor = 1 if self.state.get("by_group") else 2
        self.state["by_group"] = factor * calls < users
        return self.state["by_group"]

    # ---- the audit feed

    @cached_property
    def feed(self) -> list[Row] | None:
        """Activities since the last sync; None if that was too long ago, or they cannot be read."""
        cursor = read_stored_time(self.state, "cursor", self.begun_at)
        self.state["cursor"] = self.begun_at.isoformat()
        if cursor is None or self.begun_at - cursor > FEED_REACH:
            return None
        since = cursor - FEED_OVERLAP
        until = self.begun_at + timedelta(hours=1)
        try:
            return [
                row
                for action in READ_ACTIONS
                for row in self.tenant.read_activities(action, since, until)
            ]
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404):
                raise
            self.counters.warn(
                "pingone: the audit feed cannot be read, so every sync reads everything"
                f" (give the credential {AUDIT_RIGHT})"
            )
            return None

    @cached_property
    def mentions(self) -> Mentions:
        return find_mentions(self.feed or ())

    def read_new_activities(self) -> Iterator[pa.Table]:
        known = set(self.earlier.read_values("activities", "$.id"))
        found = {read_id("pingone: activities", row, "id"): row for row in self.feed or ()}
        new = [(key, row) for key, row in found.items() if key not in known]
        self.counters.rows_read["activities"] = len(new)
        self.counters.rows_kept["activities"] = len(known)
        yield wrap_rows(new)

    # ---- the lists that are read completely

    @cached_property
    def groups(self) -> dict[str, Row]:
        rows = parse_rows(self.tenant.group_list)
        return {read_id("pingone: groups", row, "id"): row for row in rows}

    @cached_property
    def user_ids(self) -> list[str]:
        return row_ids(self.tenant.user_list)

    @cached_property
    def moved_users(self) -> set[str]:
        """The ids of users that are new, or that PingOne has updated since the last sync."""
        before = self.earlier.read_values("users", "$.updatedAt")
        now = ((str(row["id"]), row.get("updatedAt")) for row in parse_rows(self.tenant.user_list))
        return {key for key, at in now if key not in before or before[key] != at}

    @cached_property
    def moved_groups(self) -> set[str]:
        """The ids of groups that are new, or whose row has changed in anything."""
        before = self.earlier.read_rows("groups")
        return {key for key, row in self.groups.items() if before.get(key) != row}

    # ---- what is read and what is taken over

    def keep_or_read(
        self,
        resource: str,
        keys: Iterable[str],
        doubted: set[str],
        read: Callable[[str], Row | None],
        kind: str = "groups",
    ) -> Iterator[pa.Table]:
        """Yield one row for each key: read if doubted or new, else as an earlier sync read it.

        `kind` names the list that the keys come from. A key that answers 404 is gone only if that
        list lacks it when the list is read again.
        """
        yield from keep_or_read(
            self.tenant.api,
            resource,
            keys,
            read,
            lambda: self.tenant.read_ids(kind),
            earlier=self.kept,
            doubted=doubted,
        )
