"""The pages of one list, and whether the list ends where it seems to.

dlt's paginators find the next page. They stop in silence where a link is lost, where an empty page
comes in the middle, and where pages are smaller than was asked for. Here that is noticed.
"""

from __future__ import annotations

from typing import Any

from dlt.common.jsonpath import find_values
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    RangePaginator,
)
from requests import Request, Response

from pipelines.failures import Unreadable
from pipelines.http.policy import NEXT_SYNC

# Numbers of rows at which APIs end a page, where nobody asks for another
PAGE_SIZES = {10, 15, 20, 25, 30, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000}


class WatchedPages(BasePaginator):
    """One of dlt's paginators, with the sizes of the pages that it led to."""

    def __init__(self, what: str, inner: BasePaginator, params: dict[str, Any]) -> None:
        super().__init__()
        self.what, self.inner = what, inner
        self.asked = {value for value in params.values() if type(value) is int}
        self.sizes: list[int] = []
        self.says_end = False

    @property
    def has_next_page(self) -> bool:
        return self.inner.has_next_page

    @property
    def mark(self) -> str:
        """Return where an answer says which page follows; empty if that is not in its body."""
        if isinstance(self.inner, JSONLinkPaginator):
            return str(self.inner.next_url_path)
        if isinstance(self.inner, JSONResponseCursorPaginator):
            return str(self.inner.has_more_path or self.inner.cursor_path)
        return ""

    @property
    def looks_cut(self) -> bool:
        """Return whether the last page is full, and nothing says that it is the last one."""
        last = self.sizes[-1] if self.sizes else 0
        full = {max(self.sizes)} if len(self.sizes) > 1 else self.asked | PAGE_SIZES
        return last in full and not self.says_end

    def init_request(self, request: Request) -> None:
        self.inner.init_request(request)

    def update_request(self, request: Request) -> None:
        if self.has_next_page:
            self.inner.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        body = response.json()
        try:
            self.inner.update_state(response, data)
        except (ValueError, TypeError, KeyError, AttributeError):
            # dlt's own text would quote the answer, and so people
            place = getattr(self.inner, "total_path", None) or self.mark or "what it looks for"
            why = f"an answer does not have {place}, by which its paginator finds the next page"
            raise Unreadable(self.what, why, "correct the paginator in the file") from None
        if isinstance(self.inner, JSONLinkPaginator) and not self.inner._next_reference:
            self.inner._next_reference = None  # an empty text is no link
        self.sizes.append(len(data or []))
        # A paginator that counts ends at an empty page or at a total
        is_counting = isinstance(self.inner, RangePaginator)
        self.says_end = is_counting or bool(self.mark and find_values(self.mark, body))
        self._refuse_early_end(body)
        self._refuse_gap()

    def _refuse_early_end(self, body: Any) -> None:
        place = getattr(self.inner, "has_more_path", None)
        said = find_values(place, body) if place else []
        if said and str(said[0]).lower() in ("true", "yes", "1") and not self.has_next_page:
            why = f"no page follows page {len(self.sizes)}, but {place} says that there are more"
            raise Unreadable(self.what, why, NEXT_SYNC)

    def _refuse_gap(self) -> None:
        """Raise Unreadable for pages of another size than the steps from page to page."""
        if not isinstance(self.inner, OffsetPaginator):
            return
        limit, size = self.inner.limit, self.sizes[-1]
        if size > limit:
            why = f"a page has {size} rows, and {limit} were asked for"
            next = f"set limit = {size} in the paginator, or another limit_param"
            raise Unreadable(self.what, why, next)
        if size and len(self.sizes) > 1 and self.sizes[-2] < limit:
            short = self.sizes[-2]
            why = f"a page has {short} rows, {limit} were asked for, and more follow"
            raise Unreadable(self.what, why, f"set limit = {short} in the paginator")
