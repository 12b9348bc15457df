"""One vendor's API as a source reads it: single objects, pages, whole lists, a call per item.

A list is taken whole or not at all. An answer without its envelope is an error, never an empty
page; a page that comes twice ends the run; an id that comes twice is one row, and if its two rows
differ, or a total that the vendor declares is not met, the list is read once more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa
from dlt.common.jsonpath import compile_path
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator, SinglePagePaginator

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import dump
from pipelines.http.policy import NEXT_SYNC
from pipelines.http.session import Session
from pipelines.sources.raw_rows import Row, key_of, wrap_rows

A, B = TypeVar("A"), TypeVar("B")
Json = Any
Page = tuple[list[Row], Json]  # its rows, and the whole body

WHOLE_BODY = compile_path("$")
EMPTY_PAGES = 50  # so many in a row, each promising more, are a fault
MOST_PAGES = 100_000  # of one list


class Api:
    """A base URL and the session that may ask it."""

    def __init__(self, base_url: str, session: Session) -> None:
        self.base_url, self.session = base_url.rstrip("/"), session
        self.source, self.counters, self.policy = session.source, session.counters, session.policy
        self.rest = RESTClient(base_url, session=session, headers={"Accept": "application/json"})

    def get(self, path: str, right: str = "", **params: Any) -> Json:
        """The body of one answer. `right` names what a 403 is missing."""
        with naming(right):
            return self.rest.get(path, params=params).json()

    def object(self, path: str, right: str = "", **params: Any) -> Row:
        """The one object at this path."""
        body = self.get(path, right, **params)
        if not isinstance(body, dict):
            raise self.unexpected(path, body, "an object")
        return body

    def pages(
        self,
        path: str,
        rows: Callable[[Json], list[Row] | None],
        paginator: BasePaginator | None = None,
        right: str = "",
        **params: Any,
    ) -> Iterator[Page]:
        """Pages of one list until the vendor says that there is no more.

        `rows` finds the rows in a body, None where the envelope is not what was promised.
        """
        paged = self.rest.paginate(
            path,
            params=params,
            paginator=paginator or SinglePagePaginator(),
            data_selector=WHOLE_BODY,
            hooks={"response": []},
        )
        seen: set[int] = set()
        empty = 0
        while True:
            with naming(right):
                try:
                    page = next(paged, None)
                except (TypeError, AttributeError, KeyError, ValueError) as error:
                    raise Unreadable(
                        f"{self.source}: GET {path}",
                        f"the link to page {len(seen) + 1} cannot be used ({error})",
                        NEXT_SYNC,
                    ) from None
            if page is None:
                return
            body = page.response.json()
            found = rows(body) if isinstance(body, dict | list) else None
            if found is None or not all(isinstance(row, dict) for row in found):
                raise self.unexpected(path, body, "a list of objects in its envelope")
            try:
                mark = hash(dump(found))  # of the rows: the link to the next may always be new
            except RecursionError:
                raise self.unexpected(path, body, "rows that are nested less deeply") from None
            empty = 0 if found else empty + 1
            if (found and mark in seen) or empty > EMPTY_PAGES or len(seen) >= MOST_PAGES:
                raise Unreadable(
                    f"{self.source}: GET {path}",
                    f"page {len(seen) + 1} has come before: the paging goes in a circle"
                    if len(seen) < MOST_PAGES
                    else f"it has more than {MOST_PAGES} pages, which no list has",
                    NEXT_SYNC,
                )
            seen.add(mark)
            yield found, body

    def whole(
        self,
        resource: str,
        read: Callable[[], Iterator[Page]],
        *,
        total: Callable[[Json], Any] = lambda body: None,
        total_binds: bool = False,
        counted: bool = True,
        names: tuple[str, ...] = ("id",),
    ) -> list[pa.Table]:
        """A complete list as envelopes, one Arrow table a page.

        `total` finds the declared number of rows in a body. Where it binds, it must be met;
        else only a list short of it is doubted, and two readings that agree are believed.
        """
        readings: list[Listing] = []
        for _ in range(2):
            listing = Listing(f"{self.source}: {resource}", read(), total, total_binds, names)
            readings.append(listing)
            if listing.settled:
                break
        first, last = readings[0], readings[-1]
        if not last.settled:
            if last.doubt or total_binds or first.rows.keys() != last.rows.keys():
                raise Unreadable(
                    f"{self.source}: {resource}",
                    last.doubt or f"{last.counts}, in two readings",
                    "if it stays so, report it to the vendor; nothing of this source was taken",
                )
            self.counters.warn(
                f"{self.source} {resource}: {last.counts}, in two readings that agree"
            )
        if counted:
            self.counters.pages[resource] += last.pages
            self.counters.rows_read[resource] += len(last.rows)
            if last.total is not None:
                self.counters.reported[resource] = last.total
        return last.tables

    def each(self, items: Iterable[A], call: Callable[[A], B]) -> Iterator[tuple[A, B]]:
        """`call` for every item, several at a time, in the order of the items.

        The first failure ends it: a child that could not be read fails its source.
        """
        with ThreadPoolExecutor(self.policy.concurrency) as pool:
            waiting: deque[tuple[A, Future[B]]] = deque()
            try:
                for item in items:
                    waiting.append((item, pool.submit(call, item)))
                    if len(waiting) >= self.policy.concurrency * 4:
                        done, future = waiting.popleft()
                        yield done, future.result()
                while waiting:
                    done, future = waiting.popleft()
                    yield done, future.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def per_parent(
        self,
        resource: str,
        parents: Iterable[str],
        call: Callable[[str], Row | None],
        listed: Callable[[], Iterable[str]] = tuple,
    ) -> Iterator[pa.Table]:
        """One row per parent with what it holds, in batches; a parent that is gone has none.

        `listed` reads the parents' ids again: one that is still there is not gone.
        """
        batch: list[tuple[str, Row]] = []
        gone = set()
        for parent, row in self.each(parents, call):
            self.counters.pages[resource] += 1
            if row is None:
                gone.add(parent)
                continue
            self.counters.rows_read[resource] += 1
            batch.append((parent, row))
            if len(batch) >= 1000:
                yield wrap_rows(batch)
                batch = []
        yield wrap_rows(batch)
        if lost := sorted(gone & {*listed()} if gone else gone):
            raise Unreadable(
                f"{self.source}: {resource}",
                f"{', '.join(lost[:5])} answered 404 and is still in the list",
                NEXT_SYNC,
            )

    def unexpected(self, path: str, body: Json, expected: str) -> Unreadable:
        shown = f"keys {', '.join(map(str, sorted(body)[:6]))}" if isinstance(body, dict) else ""
        return Unreadable(
            f"{self.source}: GET {path}",
            f"expected {expected}, got {type(body).__name__} {shown}".strip(),
            "check the base URL, then run `rollcall check`",
        )


class Listing:
    """One reading of a list, and what speaks against it."""

    def __init__(
        self,
        what: str,
        pages: Iterator[Page],
        total: Callable[[Json], Any],
        total_binds: bool,
        names: tuple[str, ...],
    ) -> None:
        self.rows: dict[str, str] = {}
        self.tables: list[pa.Table] = []
        self.pages = 0
        self.doubt = ""
        totals: set[int | None] = set()
        self.total: int | None = None
        conflicts: list[str] = []
        try:
            for found, body in pages:
                self.pages += 1
                conflicts += self._add(wrap_rows((key_of(what, row, *names), row) for row in found))
                declared = total(body)
                self.total = declared if type(declared) is int else None
                totals.add(self.total)
        except Unreadable as failure:
            if not self.pages or failure.status not in (400, 410):  # else: the cursor has expired
                raise
            self.doubt = f"after {self.pages} pages {failure.why}"
        if conflicts:
            self.doubt = f"these ids came twice with different rows: {', '.join(conflicts[:5])}"
        elif total_binds and len(totals) > 1:
            self.doubt = "the declared total changed while it was read"
        met = self.total is None or (
            len(self.rows) == self.total if total_binds else len(self.rows) >= self.total
        )
        self.settled = met and not self.doubt
        self.counts = f"{len(self.rows)} rows came, {self.total} were declared"

    def _add(self, table: pa.Table) -> list[str]:
        """Take the rows that are new; return the ids that came before with another row."""
        keep, conflicts = [], []
        for key, mark in zip(table["id"].to_pylist(), table["row_hash"].to_pylist(), strict=True):
            keep.append(key not in self.rows)
            if self.rows.setdefault(key, mark) != mark:
                conflicts.append(key)
        self.tables.append(table if all(keep) else table.filter(pa.array(keep)))
        return conflicts


@contextmanager
def naming(right: str) -> Iterator[None]:
    """Says which right is missing when the vendor refuses."""
    try:
        yield
    except Denied as denied:
        if denied.status == 403 and right:
            denied.next = f"give the credential {right}, then run `rollcall check`"
        raise
