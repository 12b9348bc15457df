"""Reads ChartHop's events, and the changes that they name: when a group was given, and by whom.

Events are evidence only and never decide who is in which group. How long events are kept, their
order and their completeness are not documented, and an import may leave none. An event has neither
group nor person, but the change that it names has both (docs.charthop.com, "Events").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from pipelines import clock
from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.charthop.client import ChartHop, find_rows
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import Row, wrap_rows
from pipelines.sources.reading import read_first_accepted

OVERLAP = timedelta(minutes=10)  # events may come late, and in any order
MAX_CHANGES = 500  # in one run; more come from an import of everybody, which dates no grant


class EventList:
    """The list of an organisation's events, asked in the spelling of times that it accepts.

    `from` is a text since 2026, and was a number of milliseconds until 2024.
    """

    def __init__(self, org: ChartHop) -> None:
        self.org = org
        self.spellings: list[Callable[[datetime], str]] = [
            lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            lambda moment: str(int(moment.timestamp() * 1000)),
        ]

    def read_since(self, moment: datetime) -> list[Row]:
        """Return the events since a moment. Raises Denied or Unreadable."""
        return read_first_accepted([partial(self._read, one, moment) for one in self.spellings])

    def _read(self, spell: Callable[[datetime], str], moment: datetime) -> list[Row]:
        pages = self.org.api.read_pages(
            f"v1/org/{self.org.org_id}/event",
            find_rows,
            JSONResponseCursorPaginator(cursor_path="next", cursor_param="from"),
            limit=self.org.page_size,
            **{"from": spell(moment)},
        )
        rows = [row for found, _ in pages for row in found]
        self.spellings = [spell]
        return rows


class Feed:
    """The events of one organisation since the last run.

    Events that cannot be read are a warning and not a failure, because no grant depends on them.
    """

    def __init__(self, org: ChartHop, earlier: EarlierRows) -> None:
        self.org, self.earlier, self.counters = org, earlier, org.counters

    def read_events(self) -> Iterator[pa.Table]:
        """Yield the new events."""
        known = len(self.known_ids)
        self.counters.rows_kept["events"] = known
        self.counters.rows_read["events"] = len(self.new_events)
        yield wrap_rows(self.new_events.items())

    @cached_property
    def known_ids(self) -> set[str]:
        return set(self.earlier.read_values("events", "$.id"))

    @cached_property
    def new_events(self) -> dict[str, Row]:
        """The events since the last run that are not loaded yet; none on the first run.

        A stored time in the future comes from a wrong clock, and is ignored.
        """
        state = dlt.current.source_state()
        since, started = state.get("events_since"), self.org.session.clock or datetime.now(UTC)
        found: list[Row] = []
        try:
            if since is not None and not clock.is_ahead(since, started):
                moment = datetime.fromisoformat(since) - OVERLAP
                found = EventList(self.org).read_since(moment)
        except (Denied, Unreadable) as failure:
            self.counters.warn(f"charthop: events cannot be read ({failure.why})")
            return {}
        state["events_since"] = started.isoformat()
        rows = {to_text_id(row.get("id")): row for row in found}
        return {key: row for key, row in rows.items() if key and key not in self.known_ids}

    def read_changes(self) -> Iterator[pa.Table]:
        """Yield the changes that new events name, as they are now, and those loaded earlier."""
        earlier = self.earlier.read_table("changes")
        rows = (row for row in self.new_events.values() if row.get("entityType") == "CHANGE")
        named = sorted({key for row in rows if (key := to_text_id(row.get("entityId")))})
        if len(named) > MAX_CHANGES:
            self.counters.warn(f"charthop: {len(named)} changes at once are too many to be read")
            named = []
        try:
            read = list(self.org.api.read_per_parent("changes", named, self._read_change))
        except (Denied, Unreadable) as failure:
            self.counters.warn(f"charthop: changes cannot be read ({failure.why})")
            self.counters.rows_read["changes"], named, read = 0, [], []
        kept = earlier.filter(
            pc.invert(pc.is_in(earlier["id"], value_set=pa.array(named, pa.string())))
        )
        self.counters.rows_kept["changes"] = kept.num_rows
        yield kept
        yield from read

    def _read_change(self, key: str) -> Row | None:
        """Return one change; None if it was deleted."""
        try:
            return self.org.api.get_object(f"v1/org/{self.org.org_id}/change/{key}")
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return None
