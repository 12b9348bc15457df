"""Read the pages of a HaloITSM list.

The vendor's document gives no response schemas. A list is a bare array, which is complete, or an
envelope with `record_count` and pages of at most 100 rows.
"""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import Api, Json


class RecordCountPaginator(PageNumberPaginator):
    """Ask for pages by number until `record_count` rows came; a bare array is the whole list."""

    def __init__(self) -> None:
        super().__init__(base_page=1, page_param="page_no", total_path=None)
        self.row_count = 0

    def update_state(self, response: Any, data: Any = None) -> None:
        body = response.json()
        rows = find_rows(body) or []
        self.row_count += len(rows)
        total = read_record_count(body) if isinstance(body, dict) else 0
        super().update_state(response, rows)
        if type(total) is int and self.row_count >= total:
            self._has_next_page = False


def find_rows(body: Json) -> list[Row] | None:
    """Return the rows of a bare array, or of an envelope under the key that this build uses."""
    if not isinstance(body, dict):
        return body if isinstance(body, list) else None
    lists = [body[name] for name in ("agents", "teams", "roles", "results") if name in body]
    if not lists and "record_count" in body:
        lists = [value for value in body.values() if isinstance(value, list)]
    return lists[0] if lists and isinstance(lists[0], list) else None


def read_record_count(body: Json) -> int | None:
    return body.get("record_count") if isinstance(body, dict) else None


def read_rows(api: Api, path: str, right: str, **params: Any) -> list[Row]:
    """Return the rows of a list to its end, paged if the build pages it."""
    params = {"pageinate": "true", "page_size": 100} | params
    pages = api.read_pages(path, find_rows, RecordCountPaginator(), right, **params)
    return [row for rows, _ in pages for row in rows]
