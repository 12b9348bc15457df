"""Read the pages of a HaloITSM list.

The vendor's document gives no response schemas. A list is a bare array or an envelope with
`record_count`, in pages of at most 100 rows. A build may ignore the paging of a bare array.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.failures import Unreadable
from pipelines.files.json_text import dump, to_text_id
from pipelines.http.policy import NEXT_SYNC
from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import MAX_PAGES, Api, Json, Page

USUAL_PAGE_SIZES = {50, 100}
MAX_REPEATED_PAGES = 3  # in a row, before the total is met


def read_pages(api: Api, path: str, right: str, *, page_size: int, **params: Any) -> Iterator[Page]:
    """Yield the pages of a list, requested by number, until a page has no new row.

    `record_count` alone never ends a list, because it may count the rows of the page only. A row
    may come twice, so `record_count` is compared with the number of distinct ids.
    """
    params |= {"pageinate": "true", "page_size": page_size}
    known: set[Any] = set()
    last_page: set[Any] = set()
    total, repeated = None, 0
    for number in range(1, MAX_PAGES + 1):
        is_met = number > 1 and type(total) is int and len(known) >= total
        try:
            [(rows, body)] = api.read_pages(path, find_rows, None, right, page_no=number, **params)
        except Unreadable as failure:
            if is_met and failure.status in (400, 404):  # there is no such page
                return
            raise
        page = {to_text_id(row.get("id")) or dump(row) for row in rows}
        if number == 1 or page - known:
            yield rows, body
            repeated, total = 0, read_record_count(body)
        elif not rows or is_met or (isinstance(body, list) and page == last_page):
            return
        else:
            repeated += 1
        if repeated > MAX_REPEATED_PAGES:
            break
        if not rows or (isinstance(body, list) and len(rows) > page_size):  # not paged
            return
        known |= page
        is_last = len(page) < len(last_page)  # not full, and the total counts more than this page
        if is_last and type(total) is int and len(rows) < total <= len(known):
            return
        last_page = page
    raise Unreadable(
        f"haloitsm: GET {path}",
        f"page {number} came before, so the paging goes in a circle",
        NEXT_SYNC,
    )


def read_unpaged(
    api: Api, path: str, right: str, *, page_size: int, **params: Any
) -> Iterator[Page]:
    """Yield a list that is documented to have no pages.

    If its length could be that of one page, the list is read page by page.
    """
    [(rows, body)] = api.read_pages(path, find_rows, None, right, **params)
    if isinstance(body, list) and len(rows) not in {*USUAL_PAGE_SIZES, page_size}:
        yield rows, body
    else:
        yield from read_pages(api, path, right, page_size=page_size, **params)


def read_rows(api: Api, path: str, right: str, **params: Any) -> list[Row]:
    """Return all rows of a list, whether or not this build divides the list into pages."""
    pages = read_pages(api, path, right, **({"page_size": 100} | params))
    return [row for rows, _ in pages for row in rows]


def find_rows(body: Json) -> list[Row] | None:
    """Return the rows of a response: a bare array, or an object whose key differs by version."""
    if not isinstance(body, dict):
        return body if isinstance(body, list) else None
    lists = [body[name] for name in ("agents", "teams", "roles", "results") if name in body]
    if not lists and "record_count" in body:
        lists = [value for value in body.values() if isinstance(value, list)]
    return lists[0] if lists and isinstance(lists[0], list) else None


def read_record_count(body: Json) -> int | None:
    return body.get("record_count") if isinstance(body, dict) else None
