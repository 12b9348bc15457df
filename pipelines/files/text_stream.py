"""Write new files for their owner only, and stream text from DuckDB into them.

The text of thousands of rows goes from DuckDB's memory to the file in one piece, so no row becomes
a Python object.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS_PER_BATCH = 2_048  # the size of DuckDB's own vectors


def open_new_file(path: Path) -> IO[bytes]:
    """Create a file with mode 0600 and open it. Raises FileExistsError if it exists."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "wb")


def write_new_file(path: Path, text: str) -> None:
    """Create a file with mode 0600 that holds this text. Raises FileExistsError if it exists."""
    with open_new_file(path) as file:
        file.write(text.encode())


def sync_to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_lines(
    write: Callable[[memoryview], object], connection: duckdb.DuckDBPyConnection, sql: str
) -> int:
    """Write the one text column of a query, row after row, and return the number of rows.

    No row may be null.
    """
    rows = 0
    for batch in prefetch(connection.execute(sql).to_arrow_reader(ROWS_PER_BATCH)):
        if batch.num_rows:
            write(join_texts(batch.column(0)))
        rows += batch.num_rows
    return rows


def prefetch(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the same batches, each computed in a thread while the caller uses the one before it."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def join_texts(texts: pa.StringArray) -> memoryview:
    """Return the texts joined, without a copy, because Arrow stores them one after the other."""
    _, offsets, data = texts.buffers()
    places = memoryview(offsets).cast("i")
    return memoryview(data)[places[texts.offset] : places[texts.offset + len(texts)]]
