"""ChartHop's event feed, and the changes that it names: when a group was given, and by whom.

Evidence only, never the truth about who is in which group: how long events are kept, in what order
they come and whether all do is not documented, and an import may leave none. An event has neither
group nor person; the change that it names has (docs.charthop.com, "Events").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.charthop.client import ChartHop, rows_of
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import Row, wrap_rows

OVERLAP = timedelta(minutes=10)
MOST_CHANGES = 500  # read singly in one run: an import of everybody dates nothing


class Feed:
    """What happened in one organisation since the last run. What cannot be read is told, and costs
    nothing but itself."""

    def __init__(self, org: ChartHop, earlier: EarlierRows) -> None:
        self.org, self.earlier, self.counters = org, earlier, org.counters

    def events(self) -> Iterator[pa.Table]:
        known = len(self.known)
        self.counters.rows_kept["events"] = known
        self.counters.rows_read["events"] = len(self.new)
        yield wrap_rows(self.new.items())

    @cached_property
    def known(self) -> set[str]:
        return set(self.earlier.values("events", "$.id"))

    @cached_property
    def new(self) -> dict[str, Row]:
        """Events since the last run that are not held yet; none on the first."""
        state = dlt.current.source_state()
        since, begun = state.get("events_since"), self.org.session.clock or datetime.now(UTC)
        found: list[Row] = []
        try:
            if since is not None:
                moment = datetime.fromisoformat(since) - OVERLAP
                found = self._since(moment)
        except (Denied, Unreadable) as failure:
            self.counters.warn(f"charthop: events cannot be read ({failure.why})")
            return {}
        state["events_since"] = begun.isoformat()
        rows = {to_text_id(row.get("id")): row for row in found}
        return {key: row for key, row in rows.items() if key and key not in self.known}

    def _since(self, moment: datetime) -> list[Row]:
        try:
            return self._from(f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        except Unreadable as failure:
            if failure.status != 400:
                raise
            return self._from(str(int(moment.timestamp() * 1000)))  # as it was in 2024

    def _from(self, moment: str) -> list[Row]:
        pages = self.org.api.pages(
            f"v1/org/{self.org.org_id}/event",
            rows_of,
            JSONResponseCursorPaginator(cursor_path="next", cursor_param="from"),
            limit=self.org.page_size,
            **{"from": moment},
        )
        return [row for rows, _ in pages for row in rows]

    def changes(self) -> Iterator[pa.Table]:
        """The changes that new events name, as they are now, and those that are held."""
        held = self.earlier.table("changes")
        rows = (row for row in self.new.values() if row.get("entityType") == "CHANGE")
        named = sorted({key for row in rows if (key := to_text_id(row.get("entityId")))})
        if len(named) > MOST_CHANGES:
            self.counters.warn(f"charthop: {len(named)} changes at once are not read singly")
            named = []
        try:
            read = list(self.org.api.per_parent("changes", named, self._change))
        except (Denied, Unreadable) as failure:
            self.counters.warn(f"charthop: changes cannot be read ({failure.why})")
            self.counters.rows_read["changes"], named, read = 0, [], []
        kept = held.filter(pc.invert(pc.is_in(held["id"], value_set=pa.array(named, pa.string()))))
        self.counters.rows_kept["changes"] = kept.num_rows
        yield kept
        yield from read

    def _change(self, key: str) -> Row | None:
        """One change; None if it was deleted."""
        try:
            return self.org.api.object(f"v1/org/{self.org.org_id}/change/{key}")
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return None
