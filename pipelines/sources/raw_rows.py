"""The raw tables: one row per object read, with the vendor's object unchanged as JSON.

Every raw table has the same columns, so neither a new field nor a changed type can break a load.
Rows are Arrow tables with one fixed schema, because dlt loads such tables unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.failures import Unreadable
from pipelines.files.json_text import dump, parse, to_text_id
from pipelines.sources.calls import reading

Row = dict[str, Any]

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("parent_id", pa.string()),
        pa.field("updated_at", pa.timestamp("us", "UTC")),
        pa.field("row_hash", pa.string(), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
    ]
)
COLUMNS = {
    "id": {"data_type": "text", "nullable": False},
    "parent_id": {"data_type": "text", "nullable": True},
    "updated_at": {"data_type": "timestamp", "nullable": True},
    "row_hash": {"data_type": "text", "nullable": False},
    "payload": {"data_type": "json", "nullable": False},
}

# Fields of a payload that a source adds itself: how and when it read a row, not what a vendor shows
OWN_FIELDS = (
    *("all", "children", "direct", "ids", "inheritedIds", "lastReadAt", "parents"),
    "refusedBecause",
)


def make_resource(
    name: str, read: Callable[[], Iterable[pa.Table]], about: str, feed: bool = False
) -> DltResource:
    """Return a dlt resource that replaces its raw table with what `read` yields, even nothing.

    With `feed` it appends to its raw table instead. `about` says what one row is.
    """

    def rows() -> Iterator[pa.Table]:
        yield SCHEMA.empty_table()
        tables: Iterator[pa.Table] | None = None
        while True:
            with reading(name):
                tables = iter(read()) if tables is None else tables
                table = next(tables, None)
            if table is None:
                return
            yield table

    rows.__doc__ = about
    disposition = "append" if feed else "replace"
    return dlt.resource(rows, name=name, columns=COLUMNS, write_disposition=disposition)


def wrap_rows(rows: Iterable[tuple[str, Row]]) -> pa.Table:
    """Return pairs of an id and a vendor's object as one Arrow table."""
    ids, hashes, payloads = [], [], []
    for key, row in rows:
        try:
            payload = dump(row)
        except RecursionError:
            raise Unreadable(
                f"row {key}", "it is nested too deeply to be stored", "report it to the vendor"
            ) from None
        ids.append(key)
        payloads.append(payload)
        hashes.append(hashlib.blake2b(payload, digest_size=16).hexdigest())
    empty = [None] * len(ids)
    return pa.table([ids, empty, empty, hashes, payloads], schema=SCHEMA)


def parse_rows(tables: Iterable[pa.Table]) -> Iterator[Row]:
    """Yield the vendor's object of each row in these tables."""
    for table in tables:
        for payload in table["payload"].to_pylist():
            yield parse(payload.encode())


def row_ids(tables: Iterable[pa.Table]) -> list[str]:
    return [key for table in tables for key in table["id"].to_pylist()]


def read_id(what: str, row: Row, *names: str) -> str:
    """Return a row's id as text, from the first of these fields with a value. Raises Unreadable."""
    for name in names:
        if key := to_text_id(row.get(name)):
            return key
    shown = ", ".join(sorted(row)[:8]) if isinstance(row, dict) else type(row).__name__
    raise Unreadable(
        what,
        f"a row lacks the required field `{names[0]}` (it has: {shown})",
        "report it to the vendor; nothing of this source was loaded",
    )
