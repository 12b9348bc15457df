"""Text from DuckDB to a file, a million rows at a time: no row becomes an object on its way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import duckdb

ROWS = 10_000


def new_file(path: Path) -> IO[bytes]:
    """A file for its owner only, that was not there before."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "wb")


def lines_to(file: IO[bytes], connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Write the one text column of this query, its rows one behind the other; how many there were.

    No row may be null. Arrow keeps the texts of a batch in one piece of memory, which is written
    as it is.
    """
    rows = 0
    for batch in connection.execute(sql).to_arrow_reader(ROWS):
        _, ends, texts = batch.column(0).buffers()
        if batch.num_rows:
            size = memoryview(ends).cast("i")[batch.num_rows]
            file.write(memoryview(texts)[:size])
        rows += batch.num_rows
    return rows
