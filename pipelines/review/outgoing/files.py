"""The files that go out: each reviewer gets a CSV and a workbook with the rows to decide on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import safe_csv
from pipelines.files.text_stream import open_new_file
from pipelines.files.xlsx_write import BYTES, ROWS
from pipelines.review.columns import HEADERS
from pipelines.review.outgoing import rows as reviewer_rows
from pipelines.review.outgoing.rows import Share
from pipelines.review.outgoing.workbook import Books, styles

BOM = "\ufeff"  # a spreadsheet that opens a CSV by double click takes it for the local code page
ITEMS_PER_BATCH = 100_000  # items of one query: each reads them all, and holds its own to sort them

# Who, and the entries of the manifest about their files
Written = list[tuple[str, list[dict[str, Any]]]]


def file_writers(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    folder: Path,
    about: dict[str, Any],
) -> list[Callable[[], Written]]:
    """What writes the files of some reviewers when it is called, in a thread of its own if one
    likes; all together write everybody's."""
    folder.mkdir(mode=0o700)
    write = partial(_write, connection, campaign, key, styles(), folder, Books(about))
    return [
        partial(write, some) for some in _parted(reviewer_rows.read_shares(connection, campaign))
    ]


def _parted(shares: Sequence[Share]) -> Iterator[list[Share]]:
    """Reviewers who follow each other, until they have items enough."""
    some: list[Share] = []
    items = 0
    for share in shares:
        some.append(share)
        items += share.systems.total()
        if items >= ITEMS_PER_BATCH:
            yield some
            some, items = [], 0
    if some:
        yield some


def _write(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    shapes: Sequence[int],
    folder: Path,
    books: Books,
    some: Sequence[Share],
) -> Written:
    with connection.cursor() as own:
        return [
            (share.mail, _files(share, pieces, folder, books))
            for share, pieces in reviewer_rows.read_rows(own, campaign, key, shapes, some)
        ]


def _files(
    share: Share, pieces: reviewer_rows.Pieces, folder: Path, books: Books
) -> list[dict[str, Any]]:
    """Write the files of one reviewer; their entries of the manifest."""
    path = folder / f"{file_stem(share.mail)}.csv"
    book, size = path.with_suffix(".xlsx"), 0
    count = share.systems.total()
    with ExitStack() as files:
        csv = files.enter_context(open_new_file(path))
        csv.write(f"{BOM}{','.join(HEADERS)}\r\n".encode())
        if fits := share.fits and count < ROWS:
            sheet = files.enter_context(books.sheet(book, share.mail, share.systems))
        for lines, rows in pieces:
            csv.write(lines)
            size += len(rows)
            fits = fits and size < BYTES
            if fits:
                sheet.write(rows)
    if not fits:  # more than a sheet holds is for no human eye: such a one has the CSV
        book.unlink(missing_ok=True)
    return [
        safe_csv.describe_file(file, [*HEADERS], count) | {"name": f"{folder.name}/{file.name}"}
        for file in [path, *[book] * fits]
    ]


def file_stem(mail: str) -> str:
    """A name that any system can hold, and that no two reviewers share."""
    slug = re.sub(r"[^a-z0-9]+", "-", mail.lower()).strip("-")[:40].strip("-")
    return f"{slug}-{hashlib.sha256(mail.encode()).hexdigest()[:10]}"
