"""Reads Okta's System Log: what happened to access since the last sync, and to whom.

Polling follows the order in which events were stored, so no event is missed (developer.okta.com,
"System Log query": polling requests). Its pages always have a next link, whose address is the
cursor. Events are kept for 90 days. What they say decides what is read again, and dates grants;
never whether a grant exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import requests
from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator

from pipelines.failures import Denied, Unreadable
from pipelines.http.policy import origin_of
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.incremental import read_stored_time
from pipelines.sources.okta.client import Okta
from pipelines.sources.okta.paging import find_next
from pipelines.sources.okta.rows import cut_event
from pipelines.sources.raw_rows import Row, read_id, wrap_rows

OVERLAP = timedelta(minutes=10)
REACH = timedelta(days=85)  # of a cursor; the log keeps 90 days
HISTORY = timedelta(days=89)  # that the first sync reads, to date the grants that there are
PAGE_SIZE = 1000
FAILED = ("FAILURE", "DENY", "SKIPPED")
USER_EVENTS = tuple(
    f"user.lifecycle.{word}"
    for word in (
        *("create", "activate", "reactivate", "suspend", "unsuspend", "deactivate"),
        *("delete.initiated", "delete.completed"),
    )
)
GROUP_EVENTS = (
    *("group.user_membership.add", "group.user_membership.remove"),
    *("group.lifecycle.create", "group.lifecycle.delete"),
)
APPLICATION_EVENTS = (
    *("application.user_membership.add", "application.user_membership.remove"),
    *("group.application_assignment.add", "group.application_assignment.remove"),
    "group.application_assignment.update",
)
ROLE_EVENTS = (
    *("user.account.privilege.grant", "user.account.privilege.revoke"),
    *("group.privilege.grant", "group.privilege.revoke"),
    *("iam.resourceset.bindings.add", "iam.resourceset.bindings.delete"),
)
# Event type -> the type of the target that has to be read again
DOUBTED_TARGETS = {
    **dict.fromkeys(USER_EVENTS, "User"),
    **dict.fromkeys(GROUP_EVENTS, "UserGroup"),
    **dict.fromkeys(APPLICATION_EVENTS, "AppInstance"),
}
EVENT_TYPES = (*DOUBTED_TARGETS, *ROLE_EVENTS)


class LogPaginator(BaseNextUrlPaginator):
    """Follows the log to its end: the first empty page, or one that leads to itself.

    `cursor` is where the next sync goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cursor: str | None = None

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        following = find_next(response)
        is_end = not response.json() or following in (self.cursor, response.request.url)
        self.cursor = following or self.cursor
        self._next_reference = None if is_end else following


@dataclass
class Mentions:
    """Ids that events name, by the type of the target, and events that do not say whom they are
    about."""

    ids: dict[str, set[str]] = field(
        default_factory=lambda: {"User": set(), "UserGroup": set(), "AppInstance": set()}
    )
    assigned_groups: set[str] = field(default_factory=set)  # that got or lost an application
    unclear: list[str] = field(default_factory=list)

    def add(self, event: Row) -> None:
        """Add what an event is about. A failed action changed nothing."""
        kind = DOUBTED_TARGETS.get(str(event.get("eventType")))
        if kind is None or (event.get("outcome") or {}).get("result") in FAILED:
            return
        targets = [one for one in event.get("target") or () if isinstance(one, dict)]
        found = {str(one["id"]) for one in targets if one.get("type") == kind and one.get("id")}
        self.ids[kind] |= found
        if kind == "AppInstance":
            groups = (one for one in targets if one.get("type") == "UserGroup")
            self.assigned_groups |= {str(group.get("id")) for group in groups}
        if not found:
            self.unclear.append(str(event.get("uuid")))


class Log:
    """The events of one org since the last sync."""

    def __init__(self, okta: Okta, earlier: EarlierRows, state: dict[str, Any], now: datetime):
        self.okta, self.earlier, self.state, self.now = okta, earlier, state, now
        self.counters = okta.counters
        self.mentions = Mentions()
        self.tables: list[pa.Table] = []

    @cached_property
    def is_complete(self) -> bool:
        """Whether the log was read from the last sync on, so that nothing happened unseen."""
        cursor, at = self.state.get("next"), read_stored_time(self.state, "at", self.now)
        is_usable = (
            cursor is not None
            and at is not None
            and self.now - at <= REACH
            and origin_of(str(cursor)) == self.okta.session.origin
        )
        since = max(self.now - HISTORY, at - OVERLAP if at else self.now - HISTORY)
        try:
            if is_usable and self._read(str(cursor)):
                return True
            self._read("logs", since=_write_time(since), limit=PAGE_SIZE, filter=_make_filter())
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404):
                raise
            self.counters.warn(
                f"okta: the System Log cannot be read ({failure.why}), so every sync reads"
                " everything (give the credential okta.logs.read)"
            )
        return False

    @cached_property
    def known_ids(self) -> set[str]:
        """The events that are loaded, or read by now."""
        return set(self.earlier.read_values("log_events", "$.uuid"))

    def _read(self, path: str, **params: Any) -> bool:
        """Read from a cursor or a time on. Return False if Okta does not know the cursor."""
        paginator = LogPaginator()
        try:
            pages = self.okta.api.read_pages(
                path, lambda body: body if isinstance(body, list) else None, paginator, **params
            )
            for found, _ in pages:
                rows = {read_id("okta: logs", row, "uuid"): row for row in found}
                for row in rows.values():
                    self.mentions.add(row)
                new = rows.keys() - self.known_ids
                self.known_ids |= new
                self.tables.append(wrap_rows((key, cut_event(rows[key])) for key in sorted(new)))
        except Unreadable as failure:
            if failure.status not in (400, 404, 410) or params:
                raise
            return False
        if paginator.cursor:
            self.state |= {"next": paginator.cursor, "at": self.now.isoformat()}
        return True

    def read_events(self) -> Iterator[pa.Table]:
        """Yield the new events."""
        _ = self.is_complete
        read = sum(table.num_rows for table in self.tables)
        self.counters.rows_kept["log_events"] = len(self.known_ids) - read
        self.counters.rows_read["log_events"] = read
        yield from self.tables


def _make_filter() -> str:
    return " or ".join(f'eventType eq "{kind}"' for kind in EVENT_TYPES)


def _write_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
