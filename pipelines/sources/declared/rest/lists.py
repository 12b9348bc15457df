"""Reads the lists of a REST API, each completely or not at all."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any

import pyarrow as pa

from pipelines.failures import Misconfigured, Unreadable
from pipelines.files.json_text import dump, to_text_id
from pipelines.http.policy import NEXT_SYNC
from pipelines.redact import redact_text
from pipelines.sources.calls import reading
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.declared.rest.pages import WatchedPages
from pipelines.sources.declared.rest.plan import Plan
from pipelines.sources.declared.rest.tables import add_rows
from pipelines.sources.listing import Listing
from pipelines.sources.raw_rows import Row, parse_rows
from pipelines.sources.reading import Api, ListRequest

READINGS = 3  # of a list that does not come twice alike


class Lists:
    """The lists of one read, as Arrow tables."""

    def __init__(self, into: ReadTables, api: Api) -> None:
        self.into, self.api = into, api
        self.before = into.read_facts()
        self.read: dict[str, list[pa.Table]] = {}

    def add_table(self, plan: Plan) -> None:
        """Read a resource, and fill the table of its name."""
        what = f"{self.into.what}: {plan.name}"
        parents: list[Row | None] = [None]
        if plan.parent:
            parents = [*parse_rows(self.read[plan.parent])]
        tables: list[pa.Table] = []
        longest = unsaid = 0  # rows of a page, and of a single one that says no end
        is_paged = False
        for _, (listing, pages) in self.api.call_each(
            parents, lambda parent: self._read_list(plan, what, parent)
        ):
            tables += listing.tables
            longest = max(longest, *pages.sizes)
            if len(pages.sizes) > 1:
                is_paged = True
            elif not pages.says_end:
                unsaid = max(unsaid, *pages.sizes)
            self._count(plan, listing)
        if not is_paged and not plan.total:
            self._refuse_lost_paging(plan, what, unsaid)
        self.read[plan.name] = tables
        fields = add_rows(
            self.into,
            plan.name,
            pa.concat_tables(tables) if tables else None,
            [*plan.optional],
            self.before.get(plan.name, {}).get("fields", []),
        )
        self._refuse_too_few(plan, what)
        self.into.facts[plan.name] = {"fields": fields, "longest": longest, "paged": is_paged}

    def probe(self, plan: Plan) -> str:
        """Return what the first page of a list has. Raises a Failure if it is none."""
        what = f"{self.into.what}: {plan.name}"
        request, _ = plan.make_request(what, None)
        pages = WatchedPages(what, deepcopy(plan.paginator), {**request.params})
        found, body = next(self.api.read_request(request, self._find_rows(plan, what, {}), pages))
        total = plan.find_total(body)
        return f"{len(found)} rows on the first page" + (f", {total} in all" if total else "")

    def _read_list(self, plan: Plan, what: str, parent: Row | None) -> tuple[Listing, WatchedPages]:
        """Return one list after as many readings as it takes to be sure of it."""
        request, item = plan.make_request(what, parent)
        copied = plan.copy_from_parent(what, parent)
        earlier: Listing | None = None
        for _ in range(READINGS):
            listing, pages = self._read_once(plan, what, request, item, copied)
            is_cut = pages.looks_cut and not plan.total and listing.pages > 1
            must_agree = is_cut or (plan.can_shift and listing.pages > 1)
            agrees = earlier is not None and earlier.rows.keys() == listing.rows.keys()
            if listing.is_settled and (agrees or not must_agree):
                self._warn_of_end(plan, pages)
                return listing, pages
            earlier = listing
        changes = f"its rows change from reading to reading, {READINGS} times"
        why = changes if listing.is_settled else listing.doubt or listing.counts
        raise Unreadable(what, why, f"{NEXT_SYNC}; nothing of this system was taken")

    def _read_once(
        self, plan: Plan, what: str, request: ListRequest, item: str, copied: Row
    ) -> tuple[Listing, WatchedPages]:
        pages = WatchedPages(what, deepcopy(plan.paginator), {**request.params})
        numbers, rows = count(), self._find_rows(plan, what, copied)
        totals: list[int | None] = [None]

        def identify(row: Row) -> str:
            if not plan.primary_key:
                return str(next(numbers))
            return _read_key(what, row, plan.primary_key)

        def find_total(body: Any) -> int | None:
            said = plan.find_total(body)
            totals.append(
                totals[-1] if said is None else said
            )  # perhaps the first page only has it
            return totals[-1]

        try:
            with reading(plan.name, item):
                found = self.api.read_request(request, rows, pages)
                listing = Listing(found, find_total, True, identify)
        except Unreadable as failure:
            if failure.status == 404 and plan.parent:
                failure.why = f"its {plan.parent} {item} is in a list, but {failure.why}"
                failure.next = NEXT_SYNC
            raise
        if listing.counts_pages:
            why = f"{plan.total} counts the rows of each page only, not those of the list"
            raise Misconfigured(what, why, "correct or remove `total`")
        if plan.total and listing.total is None and not listing.doubt:
            why = f"an answer has no number at {plan.total}"
            raise Unreadable(what, why, "correct `total`, or report it to the vendor")
        return listing, pages

    def _find_rows(self, plan: Plan, what: str, copied: Row) -> Callable[[Any], list[Row]]:
        """Return what finds the rows in a body, each with what is `copied` from its parent."""

        def find_rows(body: Any) -> list[Row]:
            if error := plan.find_error(body):
                raise Unreadable(what, f"an answer has an error: {redact_text(error)}", NEXT_SYNC)
            found = plan.find_rows(body)
            if found is None:
                keys = ", ".join(sorted(body)[:6]) if isinstance(body, dict) else ""
                raise Unreadable(
                    what,
                    f"an answer has no list at {plan.selector}; it has {keys or 'no keys'}",
                    "correct data_selector, or set may_be_missing = true if the API leaves out"
                    " empty lists",
                )
            return [(row if isinstance(row, dict) else {"value": row}) | copied for row in found]

        return find_rows

    def _count(self, plan: Plan, listing: Listing) -> None:
        counters = self.into.counters
        counters.pages[plan.name] += listing.pages
        if listing.total is not None:
            counters.reported[plan.name] = counters.reported.get(plan.name, 0) + listing.total

    def _warn_of_end(self, plan: Plan, pages: WatchedPages) -> None:
        if pages.looks_cut and not plan.total:
            says = f"an answer has {pages.mark}" if pages.mark else "it says that more follow"
            self.into.counters.warn(
                f"{self.into.system.name} {plan.name}: its last page has exactly {pages.sizes[-1]}"
                f" rows, and nothing in it says that it is the last one; see whether {says},"
                " or name the `total`"
            )

    def _refuse_lost_paging(self, plan: Plan, what: str, rows: int) -> None:
        """Raise Unreadable if lists that had several pages have one, with so many rows, only."""
        before = self.before.get(plan.name, {})
        if before.get("paged") and rows >= before["longest"]:
            why = (
                f"it had several pages of up to {before['longest']} rows at the last complete read,"
                " and nothing leads to a second one now"
            )
            next = "correct the paginator, or ask for larger pages if the list really ends there"
            raise Unreadable(what, why, next)

    def _refuse_too_few(self, plan: Plan, what: str) -> None:
        rows = self.into.counters.rows_read[plan.name]
        if rows < plan.expected_rows:
            why = f"{rows} rows came, and expected_rows is {plan.expected_rows}"
            raise Unreadable(what, why, "see whether the credential sees all rows, or correct it")


def _read_key(what: str, row: Row, names: tuple[str, ...]) -> str:
    parts = [to_text_id(row.get(name)) for name in names]
    if None in parts:
        why = f"a row has no {names[parts.index(None)]}, which is its primary key"
        raise Unreadable(what, why, "correct primary_key, or report it to the vendor")
    return dump(parts).decode() if len(parts) > 1 else str(parts[0])
