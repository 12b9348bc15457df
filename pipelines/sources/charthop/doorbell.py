"""Asks ChartHop whether anything has happened, by its feed of events (docs.charthop.com, "Events").

An event happens when something is entered, not when it becomes effective, and an import may leave
no events. The order of events and how late they come are not documented.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pipelines.files.json_text import to_text_id
from pipelines.sources.charthop.client import ChartHop
from pipelines.sources.charthop.events import OVERLAP, EventList

FIRST_LOOK = timedelta(days=1)
SECONDS = 10.0  # for the one request of a call: who waits for it cannot be stopped meanwhile


class Doorbell:
    """The doorbell of one organisation."""

    def __init__(self, org: ChartHop) -> None:
        session = org.session
        # The next call asks again
        session.policy = replace(session.policy, attempts=1, budget=0.0, deadline=SECONDS)
        self.org, self.counters, self.events = org, org.counters, EventList(org)
        self.seen: set[str] | None = None
        self.newest: datetime | None = None  # the vendor's time of the newest event
        self.ahead = timedelta(0)  # how far our clock is ahead of the vendor's

    def ring(self) -> int:
        """Return how many events are new, by their ids."""
        before = self.org.session.clock
        try:
            rows = self.events.read_since(self._since())
        finally:
            said = self.org.session.clock
            if said is not None and said is not before:  # a refusal tells the time, too
                self.ahead = max(datetime.now(UTC) - said, timedelta(0))
        found = {to_text_id(row.get("id")) or repr(row) for row in rows}
        new = len(found - self.seen) if self.seen is not None else 0
        self.seen = found  # what has left the answer cannot come again
        moments = [moment for row in rows if (moment := _parse(row.get("at")))]
        self.newest = max(filter(None, [self.newest, *moments]), default=None)
        return new

    def today(self) -> date:
        """Return the day that has begun by both clocks, ours and the vendor's."""
        return self._now().astimezone(self.org.zone).date()

    def _since(self) -> datetime:
        """Return since when to ask: the newest event, less an overlap. A time ahead of the clocks
        is wrong, and would hide all that happens until then."""
        now = self._now()
        return min(self.newest, now) - OVERLAP if self.newest else now - FIRST_LOOK

    def _now(self) -> datetime:
        """Return the time by the clock that is behind, ours or the vendor's: the other one may be
        wrong."""
        return datetime.now(UTC) - self.ahead


def _parse(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
