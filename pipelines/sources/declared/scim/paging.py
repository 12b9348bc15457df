"""Pages of SCIM lists: by index (RFC 7644, 3.4.2.4), or by cursor (RFC 9865) if it is announced.

A server may give fewer resources than were asked for, so the next index follows from what came.
"""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from pipelines.sources.declared.scim.attributes import find
from pipelines.sources.raw_rows import Row


def find_resources(body: Any) -> list[Row] | None:
    """Return the resources of an answer; None if it is no list.

    An empty list may leave them out (RFC 7644, 3.4.2).
    """
    found = find(body, "Resources")
    if found is None and (find_total(body) == 0 or find(body, "nextCursor")):
        return []
    return found if isinstance(found, list) else None


def find_total(body: Any) -> int | None:
    """Return how many resources the whole list has; a server with cursors may not say it."""
    said = find(body, "totalResults")
    if isinstance(said, str) and said.strip().isdecimal():
        return int(said)
    return said if type(said) is int else None


class ListPages(BasePaginator):
    """Follows a cursor where the server gives one, else goes on at the next index."""

    def __init__(self, page_size: int, by_cursor: bool) -> None:
        super().__init__()
        self.page_size, self.by_cursor = page_size, by_cursor
        self.received = 0
        self.cursor: str | None = "" if by_cursor else None

    def init_request(self, request: Request) -> None:
        request.params = {**(request.params or {}), "count": self.page_size}
        self._point(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        body = response.json()
        resources, total = find_resources(body) or [], find_total(body)
        self.received += len(resources)
        self.cursor = find(body, "nextCursor") or None
        # Where a cursor was asked for, its absence is the only end (RFC 9865, 2)
        more = not self.by_cursor and bool(resources) and self.received < (total or 0)
        self._has_next_page = bool(self.cursor) or more

    def update_request(self, request: Request) -> None:
        if self.has_next_page:
            self._point(request)

    def _point(self, request: Request) -> None:
        if self.cursor is not None:
            request.params.pop("startIndex", None)
            request.params["cursor"] = self.cursor
        else:
            request.params["startIndex"] = self.received + 1
