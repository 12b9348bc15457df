"""Pages of Okta's lists: how one leads to the next, how large they may be, and where a list ends.

No list has a total, and its end is only the absence of a link (developer.okta.com, "Pagination"). A
last page that is full looks like a list whose link was lost, so such a list is read again with
pages of a size that cannot end so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests
from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator

from pipelines.failures import Unreadable
from pipelines.http.policy import NEXT_SYNC
from pipelines.http.session import Session
from pipelines.sources.reading import Page

A = TypeVar("A")

EXPIRED = (400, 410)
TOO_SLOW = (500, 504)  # of a list: its query timed out, and smaller pages may not
SMALLEST_PAGE = 25  # that a list is halved to
SLOW_ATTEMPTS = 2  # of a page that can be halved; waiting longer does not make its query faster
SMALLEST_DOUBTED_PAGE = 10  # smaller pages are often full by chance


class ListSession(Session):
    """Gives up soon on a page that Okta is too slow for, where `PageSizes` can halve it."""

    def count_attempts(self, request: requests.PreparedRequest, status: int) -> int:
        [size] = parse_qs(urlsplit(str(request.url)).query).get("limit", ["0"])[:1]
        if status in TOO_SLOW and size.isdecimal() and int(size) // 2 >= SMALLEST_PAGE:
            return SLOW_ATTEMPTS
        return super().count_attempts(request, status)


class LinkPaginator(BaseNextUrlPaginator):
    """Follows the link to the next page, in the header of a bare list or in the body of another."""

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        self._next_reference = find_next(response)


def find_next(response: requests.Response) -> Any:
    """Return the link to the next page; None on the last one."""
    body = response.json()
    if link := response.links.get("next", {}).get("url"):
        return link
    links = body.get("_links") if isinstance(body, dict) else None
    following = links.get("next") if isinstance(links, dict) else None
    return following.get("href") if isinstance(following, dict) else following


class CutShort(Unreadable):
    """A list whose last page is full. With pages of `other_size` its real end would show."""

    def __init__(self, what: str, other_size: int) -> None:
        why = "its last page is full, in two readings with pages of different sizes: a link is lost"
        super().__init__(f"okta: {what}", why, NEXT_SYNC)
        self.other_size = other_size


def check_end(what: str, pages: Iterator[Page], limit: int) -> Iterator[Page]:
    """Yield the pages of a list, and raise CutShort if the last page is full."""
    sizes: list[int] = []
    for found, body in pages:
        sizes.append(len(found))
        yield found, body
    page = max(sizes, default=0)  # Okta may give fewer rows than were asked for
    if page >= SMALLEST_DOUBTED_PAGE and sizes[-1] == page and (len(sizes) > 1 or page == limit):
        raise CutShort(what, next(size for size in range(page - 1, 1, -1) if sum(sizes) % size))


def read_twice(read: Callable[[int], A]) -> Callable[[int], A]:
    """Return `read` with a second try after a refused page, whose cursor may have expired."""

    def read_again(size: int) -> A:
        try:
            return read(size)
        except Unreadable as failure:
            if failure.status not in EXPIRED:
                raise
            return read(size)

    return read_again


class PageSizes:
    """The sizes of pages that an org has shown to need."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}  # by list, where the usual size is too slow

    def read(self, resource: str, size: int, read: Callable[[int], A]) -> A:
        """Return what `read` gives for a page size, which is halved while Okta takes too long.

        Lists of applications have no documented maximum, so a refused size is halved there, too.
        """
        size, doubted = self.known.get(resource, size), False
        refused = (*TOO_SLOW, 400) if resource.startswith("application") else TOO_SLOW
        while True:
            try:
                return read(size)
            except CutShort as short:
                if doubted:
                    raise
                size, doubted = short.other_size, True
            except Unreadable as failure:
                if failure.status not in refused or size // 2 < SMALLEST_PAGE:
                    raise
                size //= 2
                self.known[resource] = size
