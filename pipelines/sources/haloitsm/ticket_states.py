"""Read the state of the HaloITSM tickets that we opened.

Only tickets whose ids the warehouse knows are read, so no request is sent if there are none. A
ticket that cannot be read has a row that says so, because a missing ticket is not a closed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.paging import read_pages
from pipelines.sources.haloitsm.service_desk import Statuses, is_closed, read_statuses
from pipelines.sources.raw_rows import Row, read_id, wrap_rows

TICKETS_RIGHT = "the scope `read:tickets` or `all`, and an agent that may see tickets"
TICKETS_PER_PAGE = 100


class TicketReader:
    """The tickets of one sync, by the ids in `HaloITSM.earlier`."""

    def __init__(self, halo: HaloITSM) -> None:
        self.api, self.counters, self.earlier = halo.api, halo.counters, halo.earlier

    def read_tickets(self) -> Iterator[pa.Table]:
        """Yield one row per ticket that Rollcall opened.

        `ticket` is the listed object, null if the ticket is gone or hidden from us. `is_closed` is
        null if neither the status nor a date tells. The other columns are `status` and `last_note`.
        """
        before = self.earlier.read_rows("tickets")
        ours = self.earlier.read_ticket_ids()
        for first in range(0, len(ours), TICKETS_PER_PAGE):
            found = self.find_tickets(ours[first : first + TICKETS_PER_PAGE])
            rows = [(key, self.build_row(key, found[key], before.get(key) or {})) for key in found]
            self.counters.rows_read["tickets"] += len(rows)
            yield wrap_rows(rows)

    def find_tickets(self, keys: list[str]) -> dict[str, Row | None]:
        """Return these tickets, with one request if the build knows `ticketids`.

        A ticket that the list omits is read by itself.
        """
        try:
            params = {"page_size": TICKETS_PER_PAGE, "ticketids": ",".join(keys)}
            rows, _ = next(read_pages(self.api, "Tickets", TICKETS_RIGHT, **params))
            listed = {read_id("haloitsm: tickets", row, "id"): row for row in rows}
            return {key: listed.get(key) or self.read_ticket(key) for key in keys}
        except Denied as denied:
            if denied.status != 403:
                raise
            self.counters.warn(
                f"haloitsm: {len(keys)} tickets are not read: the credential lacks {TICKETS_RIGHT}"
            )
            return dict.fromkeys(keys)

    def read_ticket(self, key: str, **params: str) -> Row | None:
        try:
            return self.api.get_object(f"Tickets/{key}", TICKETS_RIGHT, **params)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return None

    def build_row(self, key: str, ticket: Row | None, before: Row) -> Row:
        """Return the payload of a ticket's row. A ticket that is unchanged is not read again."""
        if ticket is None:
            return {"ticket": None}
        if before.get("ticket") == ticket:
            note = before.get("last_note")
        else:
            detail = self.read_ticket(key, includedetails="true", includelastaction="true") or {}
            action = detail.get("lastaction") or {}
            note = action.get("note") or action.get("note_html")
        status_id = to_text_id(ticket.get("status_id")) or ""
        return {
            "ticket": ticket,
            "status": self.statuses.all.get(status_id, status_id),
            "is_closed": is_closed(ticket, self.statuses),
            "last_note": note,
        }

    @cached_property
    def statuses(self) -> Statuses:
        return read_statuses(self.api, TICKETS_RIGHT)
