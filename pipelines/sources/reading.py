"""Reads one vendor's API: single objects, pages, whole lists, and one call per item.

A list is read completely or not at all. A response without its envelope (the object around the
rows) is an error, never an empty page, and a page that comes twice ends the run. An id that comes
twice is one row. If the two rows of an id differ, or the number of rows is not the declared one,
the list is read once more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.jsonpath import TJsonPath, compile_path
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator, SinglePagePaginator
from dlt.sources.helpers.rest_client.typing import HTTPMethodBasic

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import dump
from pipelines.http.policy import NEXT_SYNC
from pipelines.http.session import Session
from pipelines.sources.calls import bind_reading, note_call, reading
from pipelines.sources.listing import Json, Listing, Page
from pipelines.sources.raw_rows import Row, read_id, wrap_rows

A, B = TypeVar("A"), TypeVar("B")
WHOLE_BODY = compile_path("$")
MAX_EMPTY_PAGES = 50  # in a row, each with a link to the next
MAX_PAGES = 100_000  # of one list


@dataclass(frozen=True)
class ListRequest:
    """What the requests for all pages of a list have in common.

    `selector` finds the rows where a paginator needs to see them.
    """

    path: str
    params: Mapping[str, Any]
    method: HTTPMethodBasic = "GET"
    json: Any = None
    headers: dict[str, str] | None = None
    selector: TJsonPath = WHOLE_BODY

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the rows are chosen by, for the notes of an auditor."""
        return {**self.params, **({"json": self.json} if self.json is not None else {})}


class Api:
    """A base URL, and the session that calls it."""

    def __init__(self, base_url: str, session: Session) -> None:
        self.base_url, self.session = base_url.rstrip("/"), session
        self.source, self.counters, self.policy = session.source, session.counters, session.policy
        # the configuration decides how dlt shows a failed response, which the session tells itself
        plain = RuntimeConfiguration()
        accept = {"Accept": "application/json"}
        self.rest = RESTClient(base_url, session=session, headers=accept, config=plain)

    def get(self, path: str, right: str = "", **params: Any) -> Json:
        """Return the body of one response. `right` names what the credential lacks after a 403."""
        with name_missing_right(right):
            body = self.rest.get(path, params=params).json()
        note_call(self.counters, self.base_url, path, params)
        return body

    def get_object(self, path: str, right: str = "", **params: Any) -> Row:
        """Return the one object at this path. Raises Unreadable if the body is not an object."""
        body = self.get(path, right, **params)
        if not isinstance(body, dict):
            raise self.unexpected_body(path, body, "an object")
        return body

    def read_pages(
        self,
        path: str,
        rows: Callable[[Json], list[Row] | None],
        paginator: BasePaginator | None = None,
        right: str = "",
        **params: Any,
    ) -> Iterator[Page]:
        """Yield the pages of one list until the vendor says that there are no more.

        `rows` finds the rows in a body, and returns None if the body lacks the expected envelope.
        """
        request = ListRequest(path, params)
        return self.read_request(request, rows, paginator or SinglePagePaginator(), right)

    def read_request(
        self,
        request: ListRequest,
        rows: Callable[[Json], list[Row] | None],
        paginator: BasePaginator,
        right: str = "",
    ) -> Iterator[Page]:
        """Yield the pages of one list, as `read_pages` does."""
        path, params = request.path, request.params
        paged = self.rest.paginate(
            path,
            request.method,
            params={**params},  # a paginator adds its cursor
            json=deepcopy(request.json),  # or here
            paginator=paginator,
            data_selector=request.selector,
            hooks={"response": []},
            headers=request.headers,
        )
        seen: set[int] = set()
        empty = 0
        while True:
            with name_missing_right(right):
                try:
                    page = next(paged, None)
                except (TypeError, AttributeError, KeyError, ValueError) as error:
                    raise Unreadable(
                        f"{self.source}: {request.method} {path}",
                        f"the link to page {len(seen) + 1} cannot be used ({error})",
                        NEXT_SYNC,
                    ) from None
            if page is None:
                return
            if not seen:
                note_call(self.counters, self.base_url, path, request.parameters, request.method)
            body = page.response.json()
            found = rows(body) if isinstance(body, dict | list) else None
            if found is None or not all(isinstance(row, dict) for row in found):
                raise self.unexpected_body(path, body, "a list of objects in its envelope")
            try:
                mark = hash(dump(found))  # without the link to the next page, which may be new
            except RecursionError:
                raise self.unexpected_body(path, body, "rows that are nested less deeply") from None
            empty = 0 if found else empty + 1
            if (found and mark in seen) or empty > MAX_EMPTY_PAGES or len(seen) >= MAX_PAGES:
                raise Unreadable(
                    f"{self.source}: {request.method} {path}",
                    f"page {len(seen) + 1} came before, so the paging goes in a circle"
                    if len(seen) < MAX_PAGES
                    else f"it has more than {MAX_PAGES} pages, which no list has",
                    NEXT_SYNC,
                )
            seen.add(mark)
            yield found, body

    def read_list(
        self,
        resource: str,
        read: Callable[[], Iterator[Page]],
        *,
        total: Callable[[Json], Any] = lambda body: None,
        total_binds: bool = False,
        counted: bool = True,
        names: tuple[str, ...] = ("id",),
    ) -> list[pa.Table]:
        """Return a complete list, as one Arrow table per page.

        `total` finds the declared number of rows in a body. If `total_binds`, a list that has
        another number is refused. If not, a shorter list is read again, and accepted if both
        readings are alike.
        """

        def identify(row: Row) -> str:
            return read_id(f"{self.source}: {resource}", row, *names)

        readings: list[Listing] = []
        for _ in range(2):
            with reading(resource):
                listing = Listing(read(), total, total_binds, identify)
            readings.append(listing)
            if listing.is_settled:
                break
        first, last = readings[0], readings[-1]
        if not last.is_settled:
            if last.doubt or total_binds or first.rows.keys() != last.rows.keys():
                raise Unreadable(
                    f"{self.source}: {resource}",
                    last.doubt or f"{last.counts}, in two readings",
                    "if it stays so, report it to the vendor; nothing of this source was loaded",
                )
            self.counters.warn(
                f"{self.source} {resource}: {last.counts}, in two readings that agree"
            )
        if last.counts_pages:
            self.counters.warn(
                f"{self.source} {resource}: the declared total counts the rows of each page only;"
                f" {len(last.rows)} rows came"
            )
        if counted:
            self.counters.pages[resource] += last.pages
            self.counters.rows_read[resource] += len(last.rows)
            if last.total is not None:
                self.counters.reported[resource] = last.total
        return last.tables

    def call_each(self, items: Iterable[A], call: Callable[[A], B]) -> Iterator[tuple[A, B]]:
        """Yield every item with the result of `call`, in order; several calls run at a time.

        The first failure ends the calls, because a source that lacks one item is not complete.
        """
        with ThreadPoolExecutor(self.policy.concurrency) as pool:
            waiting: deque[tuple[A, Future[B]]] = deque()
            try:
                for item in items:
                    waiting.append((item, pool.submit(bind_reading(call), item)))
                    if len(waiting) >= self.policy.concurrency * 4:
                        done, future = waiting.popleft()
                        yield done, future.result()
                while waiting:
                    done, future = waiting.popleft()
                    yield done, future.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def read_per_parent(
        self,
        resource: str,
        parents: Iterable[str],
        call: Callable[[str], Row | None],
        listed: Callable[[], Iterable[str]] = tuple,
    ) -> Iterator[pa.Table]:
        """Yield one row per parent, in batches; `call` returns None for a deleted parent.

        `listed` reads the parents' ids again: a parent that is still listed was not deleted.
        """
        batch: list[tuple[str, Row]] = []
        deleted = set()
        for parent, row in self.call_each(parents, bind_reading(call, resource)):
            self.counters.pages[resource] += 1
            if row is None:
                deleted.add(parent)
                continue
            self.counters.rows_read[resource] += 1
            batch.append((parent, row))
            if len(batch) >= 1000:
                yield wrap_rows(batch)
                batch = []
        yield wrap_rows(batch)
        if lost := sorted(deleted & {*listed()} if deleted else deleted):
            raise Unreadable(
                f"{self.source}: {resource}",
                f"{', '.join(lost[:5])} answered 404, but is still in the list",
                NEXT_SYNC,
            )

    def unexpected_body(self, path: str, body: Json, expected: str) -> Unreadable:
        shown = f"keys {', '.join(map(str, sorted(body)[:6]))}" if isinstance(body, dict) else ""
        return Unreadable(
            f"{self.source}: GET {path}",
            f"expected {expected}, got {type(body).__name__} {shown}".strip(),
            "check the base URL, then run `rollcall check`",
        )


def read_first_accepted(attempts: list[Callable[[], B]]) -> B:
    """Return the result of the first attempt that the vendor does not refuse with 400."""
    for attempt in attempts[:-1]:
        try:
            return attempt()
        except Unreadable as failure:
            if failure.status != 400:
                raise
    return attempts[-1]()


@contextmanager
def name_missing_right(right: str) -> Iterator[None]:
    """If the vendor answers 403 in the block, name the missing right in the failure's remedy."""
    try:
        yield
    except Denied as denied:
        if denied.status == 403 and right:
            denied.next = f"give the credential {right}, then run `rollcall check`"
        raise
