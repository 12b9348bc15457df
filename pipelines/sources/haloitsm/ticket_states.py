"""Tickets that we opened, read back: what became of what was asked for.

Only those whose ids the warehouse knows are read, so that without any ticket nothing is asked. What
cannot be read says so in its row: a ticket that is missing is not a ticket that was closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.paging import RecordCountPaginator, find_rows
from pipelines.sources.haloitsm.service_desk import Statuses, is_closed, read_statuses
from pipelines.sources.raw_rows import Row, read_id, wrap_rows

RIGHT = "the scope `read:tickets` or `all`, and an agent that may see tickets"
MOST = 100  # of a page


class Tickets:
    """The tickets of one sync, by `HaloITSM.earlier_rows`."""

    def __init__(self, halo: HaloITSM) -> None:
        self.halo, self.api, self.earlier = halo, halo.api, halo.earlier_rows

    def read(self) -> Iterator[pa.Table]:
        """One row per ticket of ours: `ticket` as it is listed (null if it is not there or must not
        be seen), `status`, `is_closed` (null if nobody can tell) and `last_note`."""
        before = self.earlier.read_rows("tickets")
        ours = self.earlier.read_ticket_ids()
        for first in range(0, len(ours), MOST):
            keys = ours[first : first + MOST]
            rows = [(key, self.told(key, row, before)) for key, row in self.found(keys).items()]
            self.halo.counters.rows_read["tickets"] += len(rows)
            yield wrap_rows(rows)

    def found(self, keys: list[str]) -> dict[str, Row | None]:
        """These tickets, by one request where the build knows `ticketids`; else, and for those that
        a list leaves out, by one each."""
        try:
            paging = {"pageinate": "true", "page_size": MOST}
            pages = self.api.read_pages(
                "Tickets",
                find_rows,
                RecordCountPaginator(),
                RIGHT,
                ticketids=",".join(keys),
                **paging,
            )
            listed = {
                read_id("haloitsm: tickets", row, "id"): row for row in next(pages, ([], None))[0]
            }
            return {key: listed.get(key) or self.single(key) for key in keys}
        except Denied as denied:
            if denied.status != 403:
                raise
            self.halo.counters.warn(f"haloitsm: {len(keys)} tickets are not read: it lacks {RIGHT}")
            return dict.fromkeys(keys)

    def single(self, key: str, **params: str) -> Row | None:
        try:
            return self.api.get_object(f"Tickets/{key}", RIGHT, **params)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return None

    def told(self, key: str, ticket: Row | None, before: dict[str, Row]) -> Row:
        """What is kept of a ticket. Its last note is asked for where anything has changed."""
        if ticket is None:
            return {"ticket": None}
        known = before.get(key) or {}
        if known.get("ticket") == ticket:
            note = known.get("last_note")
        else:
            detail = self.single(key, includedetails="true", includelastaction="true") or {}
            last = detail.get("lastaction") or {}
            note = last.get("note") or last.get("note_html")
        status = to_text_id(ticket.get("status_id")) or ""
        return {
            "ticket": ticket,
            "status": self.statuses.all.get(status, status),
            "is_closed": is_closed(ticket, self.statuses),
            "last_note": note,
        }

    @cached_property
    def statuses(self) -> Statuses:
        return read_statuses(self.api, RIGHT)
