"""Pack the rows of the page: column by column, as JSON, compressed, in base64.

100,000 grants and 10,000 people would be some 15 MB as rows of JSON. The browser unpacks them
itself (DecompressionStream), so the file needs no library and no network.
"""

from __future__ import annotations

import base64
import gzip
from typing import Any

import duckdb

# Columns with few different values: each row has the position of its value, or -1 for null
FEW_VALUES = {
    "people": ("title", "department", "type", "status"),
    "accounts": ("source", "type", "status", "word", "rule"),
    "grants": ("scope", "path", "origins"),
    "findings": ("type", "severity", "title", "source"),
}


def read_columns(result: duckdb.DuckDBPyConnection, few: tuple[str, ...]) -> dict[str, Any]:
    """Return a result by column. A column of `few` is {"values": […], "at": […]}."""
    import pyarrow as pa

    table = result.to_arrow_table()
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if name not in few:
            columns[name] = column.to_pylist()
        elif pa.types.is_list(column.type):
            columns[name] = _number_lists(column.to_pylist())
        else:
            coded = column.dictionary_encode()
            columns[name] = {
                "values": coded.dictionary.to_pylist(),
                "at": coded.indices.fill_null(-1).to_pylist(),
            }
    return columns


def pack(data: dict[str, Any]) -> str:
    """Return data as compressed JSON in base64: the same text for the same data."""
    import orjson

    return base64.b64encode(gzip.compress(orjson.dumps(data), 6, mtime=0)).decode()


def _number_lists(lists: list[list[str] | None]) -> dict[str, Any]:
    places: dict[tuple[str, ...], int] = {}
    at = [-1 if row is None else places.setdefault(tuple(row), len(places)) for row in lists]
    return {"values": [list(row) for row in places], "at": at}
