"""Write the files that go out: each reviewer gets a CSV, a workbook and a page to decide on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import safe_csv
from pipelines.files.text_stream import open_new_file
from pipelines.files.xlsx_write import MAX_SHEET_BYTES, MAX_SHEET_ROWS
from pipelines.review.outgoing import rows as reviewer_rows
from pipelines.review.outgoing.rows import ITEMS, Share, Sheet
from pipelines.review.outgoing.workbook import WorkbookTemplates, read_column_styles
from pipelines.review.page.items import NAMES, read_items
from pipelines.review.page.page import MAX_PAGE_ITEMS, PageWriter, read_opening

BOM = "\ufeff"  # without it, Excel reads a CSV that is double-clicked in the local code page
ITEMS_PER_BATCH = 100_000  # each batch is a query that reads all items and sorts its own

# Each reviewer's mail address, with the manifest's entries for their files.
Written = list[tuple[str, list[dict[str, Any]]]]


def make_file_writers(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    folder: Path,
    about: dict[str, Any],
    items: str = ITEMS,
) -> list[Callable[[], Written]]:
    """Return functions that together write the files of all reviewers.

    Each function writes the files of one batch of reviewers, and may run in its own thread. `items`
    is the SQL of a relation like `review_items`.
    """
    folder.mkdir(mode=0o700)
    layout = reviewer_rows.read_layout(connection, campaign)
    sheet = Sheet(layout, read_column_styles(layout.headers), items)
    titles = reviewer_rows.read_titles(connection, campaign)
    templates = WorkbookTemplates(about, layout.headers, titles)
    # A page drops the answers that its browser keeps for items of an earlier page of that name.
    edition = read_opening(connection, campaign) + (items if items != ITEMS else "")
    pages = PageWriter(about, edition)
    writer = _Writer(connection, campaign, key, folder, templates, pages, sheet)
    shares = reviewer_rows.read_shares(connection, campaign, items)
    return [partial(writer.write_batch, batch) for batch in _split_into_batches(shares)]


def _split_into_batches(shares: Sequence[Share]) -> Iterator[list[Share]]:
    """Yield lists of consecutive shares that have ITEMS_PER_BATCH items or more (not the last)."""
    batch: list[Share] = []
    items = 0
    for share in shares:
        batch.append(share)
        items += share.systems.total()
        if items >= ITEMS_PER_BATCH:
            yield batch
            batch, items = [], 0
    if batch:
        yield batch


@dataclass(frozen=True)
class _Writer:
    connection: duckdb.DuckDBPyConnection
    campaign: str
    key: bytes
    folder: Path
    templates: WorkbookTemplates
    pages: PageWriter
    sheet: Sheet

    def write_batch(self, batch: Sequence[Share]) -> Written:
        small = [share for share in batch if share.systems.total() <= MAX_PAGE_ITEMS]
        with self.connection.cursor() as own, self.connection.cursor() as other:
            pages = read_items(other, self.campaign, self.key, small, self.sheet)
            return [
                (share.mail, self._write_files(share, pieces) + self._write_page(share, pages))
                for share, pieces in reviewer_rows.read_rows(
                    own, self.campaign, self.key, self.sheet, batch
                )
            ]

    def _write_files(self, share: Share, pieces: reviewer_rows.Pieces) -> list[dict[str, Any]]:
        """Write the files of one reviewer, and return the manifest's entries for them."""
        path = self.folder / f"{file_stem(share.mail)}.csv"
        book, size = path.with_suffix(".xlsx"), 0
        count, headers = share.systems.total(), self.sheet.layout.headers
        with ExitStack() as files:
            csv = files.enter_context(open_new_file(path))
            csv.write(f"{BOM}{','.join(headers)}\r\n".encode())
            if fits := share.fits_cells and count < MAX_SHEET_ROWS:
                sheet = files.enter_context(
                    self.templates.open_sheet(book, share.mail, share.systems)
                )
            for lines, rows in pieces:
                csv.write(lines)
                size += len(rows)
                fits = fits and size < MAX_SHEET_BYTES
                if fits:
                    sheet.write(rows)
        if not fits:  # a reviewer with more rows than a sheet holds gets only the CSV
            book.unlink(missing_ok=True)
        return [
            safe_csv.describe_file(file, [*headers], count)
            | {"name": f"{self.folder.name}/{file.name}"}
            for file in [path, *[book] * fits]
        ]

    def _write_page(self, share: Share, pages: Iterator[tuple[str, list[str]]]) -> list[Any]:
        """Write the page of one reviewer, the next of `pages`, and return its manifest's entry."""
        count = share.systems.total()
        if count > MAX_PAGE_ITEMS:
            return []
        path = self.folder / f"{file_stem(share.mail)}.html"
        self.pages.write(path, *next(pages))
        name = f"{self.folder.name}/{path.name}"
        return [safe_csv.describe_file(path, [*NAMES], count) | {"name": name}]


def file_stem(mail: str) -> str:
    """Return a file name for a reviewer that any system allows and no other reviewer has."""
    slug = re.sub(r"[^a-z0-9]+", "-", mail.lower()).strip("-")[:40].strip("-")
    return f"{slug}-{hashlib.sha256(mail.encode()).hexdigest()[:10]}"
