"""Find the HaloITSM tickets that we opened, by the reference in their summary.

It is not documented whether `search` finds a word of a summary, so one search for an existing
ticket is tried first. If that search fails, or if a call may have created a ticket that no search
finds yet, the list itself is read, newest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from pipelines.sources.haloitsm.paging import read_pages
from pipelines.sources.haloitsm.ticket_text import REFERENCE_PATTERN
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.reading import Api

TICKETS_RIGHT = "the scope `edit:tickets` or `all`, and an agent that may see and change tickets"
UNUSED_REFERENCE = "RC-0000000000000000"
MAX_ZONE_SHIFT = timedelta(days=1)  # an instance may write times of any time zone


class TicketSearch:
    """The tickets of one instance. What was read of the list is kept for the life of the object."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.listed_tickets: dict[str, Row] = {}  # by the reference in their summary
        self.listed_ids: set[int] = set()

    def find_ticket(self, reference: str, asked_at: datetime | None) -> Row | None:
        """Return the ticket with a reference, from the search or else from the list.

        After a call of unknown effect (`asked_at`), a search that finds nothing proves nothing.
        """
        found = choose_referenced(self.search_tickets(reference), reference)
        if found or (asked_at is None and self.has_working_search):
            return found
        self.read_new_tickets(asked_at - MAX_ZONE_SHIFT if asked_at else None)
        return self.listed_tickets.get(reference)

    @cached_property
    def has_working_search(self) -> bool:
        """Return whether `search` finds an existing ticket by its summary and omits others."""
        rows = [row for row in next(self.request_tickets(page_size=10), []) if row.get("summary")]
        ours = [row for row in rows if REFERENCE_PATTERN.search(row["summary"])]
        if not rows or self.search_tickets(UNUSED_REFERENCE):
            return False
        wanted = (ours or rows)[0]
        summary = wanted["summary"]
        text = REFERENCE_PATTERN.findall(summary)[0] if ours else summary[:60].strip()
        return any(row.get("id") == wanted["id"] for row in self.search_tickets(text))

    def search_tickets(self, text: str) -> list[Row]:
        """Return the first page only: a build that ignores `search` would return every ticket."""
        return next(self.request_tickets(page_size=100, search=text), [])

    def read_new_tickets(self, since: datetime | None) -> None:
        """Read the tickets that the last reading lacks, and all that were logged after `since`.

        A list that does not come newest first is read to its end.
        """
        read_ids, last_id = set[int](), float("inf")
        for rows in self.request_tickets(page_size=100):
            ids = [int(read_id("haloitsm: tickets", row, "id")) for row in rows]
            in_order = all(after < before for before, after in pairwise([last_id, *ids]))
            last_id = ids[-1] if in_order and ids else 0
            for row in rows:
                for reference in REFERENCE_PATTERN.findall(str(row.get("summary"))):
                    self.listed_tickets[reference] = row
            read_ids |= {*ids}
            is_known = len(rows) > 1 and not self.listed_ids.isdisjoint(ids)
            if in_order and is_known and (since is None or is_logged_before(rows[-1], since)):
                break
        # Not earlier: if a page fails, the older tickets have not been read.
        self.listed_ids |= read_ids

    def request_tickets(self, **params: Any) -> Iterator[list[Row]]:
        """Yield pages of all tickets, open or closed, newest first."""
        params |= {"order": "id", "orderdesc": "true"}
        for rows, _ in read_pages(self.api, "Tickets", TICKETS_RIGHT, **params):
            yield rows


def choose_referenced(rows: list[Row], reference: str) -> Row | None:
    """Return the oldest ticket with a reference; if there are several, all are for one change."""
    found = [row for row in rows if reference in str(row.get("summary"))]
    return min(found, key=lambda row: row["id"], default=None)


def is_logged_before(ticket: Row, since: datetime) -> bool:
    try:
        logged = datetime.fromisoformat(str(ticket.get("dateoccurred")))
    except ValueError:
        return False
    return (logged if logged.tzinfo else logged.replace(tzinfo=UTC)) < since
