"""Text from DuckDB to a file, thousands of rows at a time: no row becomes an object on its way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

ROWS_PER_BATCH = 2_048  # as many as DuckDB computes at once


def open_new_file(path: Path) -> IO[bytes]:
    """A file for its owner only, that was not there before."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "wb")


def write_lines(
    write: Callable[[memoryview], object], connection: duckdb.DuckDBPyConnection, sql: str
) -> int:
    """Write the one text column of this query, its rows one behind the other; how many there were.

    No row may be null.
    """
    rows = 0
    for batch in prefetch(connection.execute(sql).to_arrow_reader(ROWS_PER_BATCH)):
        if batch.num_rows:
            write(run_together(batch.column(0)))
        rows += batch.num_rows
    return rows


def prefetch(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The same batches, each made while the one before it is at work."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = maker.submit(next, batches, None)
            yield batch


def run_together(texts: pa.StringArray) -> memoryview:
    """Some rows' texts, one behind the other, as Arrow keeps them: in one piece of memory."""
    _, ends, data = texts.buffers()
    places = memoryview(ends).cast("i")
    return memoryview(data)[places[texts.offset] : places[texts.offset + len(texts)]]


def write_new_file(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
