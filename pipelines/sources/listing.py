"""One reading of a list: its rows, and whether they can be all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.sources.raw_rows import Row, wrap_rows

Json = Any
Page = tuple[list[Row], Json]  # the rows, and the whole body


class Listing:
    """One reading of a list. `doubt` is the reason to distrust it, empty if there is none."""

    def __init__(
        self,
        pages: Iterator[Page],
        total: Callable[[Json], Any],
        total_binds: bool,
        identify: Callable[[Row], str],
    ) -> None:
        self.rows: dict[str, str] = {}
        self.tables: list[pa.Table] = []
        self.pages = 0
        self.doubt = ""
        totals: set[int | None] = set()
        self.total: int | None = None
        self.counts_pages = True
        conflicts: list[str] = []
        try:
            for found, body in pages:
                self.pages += 1
                conflicts += self._add(wrap_rows((identify(row), row) for row in found))
                declared = total(body)
                self.total = declared if type(declared) is int else None
                totals.add(self.total)
                self.counts_pages &= self.total == len(found)
        except Unreadable as failure:
            if not self.pages or failure.status not in (
                400,
                410,
            ):  # after a page, the cursor expired
                raise
            self.doubt = f"after {self.pages} pages {failure.why}"
        self.counts_pages &= self.pages > 1
        if self.counts_pages:  # the total of every page is its own number of rows
            self.total, totals = None, set()
        if conflicts:
            self.doubt = f"these ids came twice with different rows: {', '.join(conflicts[:5])}"
        elif total_binds and len(totals) > 1:
            self.doubt = "the declared total changed while it was read"
        met = self.total is None or (
            len(self.rows) == self.total if total_binds else len(self.rows) >= self.total
        )
        self.is_settled = met and not self.doubt
        self.counts = f"{len(self.rows)} rows came, {self.total} were declared"

    def _add(self, table: pa.Table) -> list[str]:
        """Add the new rows; return the ids that came before with another row."""
        keep, conflicts = [], []
        for key, mark in zip(table["id"].to_pylist(), table["row_hash"].to_pylist(), strict=True):
            keep.append(key not in self.rows)
            if self.rows.setdefault(key, mark) != mark:
                conflicts.append(key)
        self.tables.append(table if all(keep) else table.filter(pa.array(keep)))
        return conflicts
