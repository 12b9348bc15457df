"""Bring the rows of any driver into DuckDB: as text first, then with the type of all its values.

A driver says the type of a value, not of a column, and a database such as SQLite has none for a
column. So a column has the type of its values if all rows agree, and is text where they do not.
An id that is text stays text, with its leading zeros.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipelines.sources.declared.read_tables import ReadTables, name

Rows = Sequence[Sequence[Any]]
WHOLE, ZONED = "hugeint", "timestamptz"
SIMPLE = {bool: "boolean", int: WHOLE, float: "double", date: "date"}
MAX_DIGITS = 38  # of a decimal in DuckDB


class Columns:
    """The columns of one query's rows, and the types of the values seen in each."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = [*names]
        self.schema = pa.schema([(one, pa.string()) for one in self.names])
        self.types: dict[int, set[str]] = defaultdict(set)
        self.scales: dict[int, int] = defaultdict(int)

    def convert(self, batches: Iterable[Rows]) -> Iterator[pa.RecordBatch]:
        """Yield the rows as text, and note their types."""
        for rows in batches:
            columns = zip(*rows, strict=True)
            arrays = [self._convert(place, values) for place, values in enumerate(columns)]
            yield pa.record_batch(arrays, schema=self.schema)

    def _convert(self, place: int, values: Sequence[Any]) -> pa.Array:
        for value in values:
            if value is not None:
                self.types[place].add(self._find_type(place, value))
        return pa.array([_write(value) for value in values], pa.string())

    def _find_type(self, place: int, value: Any) -> str:
        if isinstance(value, Decimal) and value.is_finite():
            self.scales[place] = max(self.scales[place], -int(value.as_tuple().exponent))
            return "decimal"
        if isinstance(value, datetime):
            return ZONED if value.tzinfo else "timestamp"
        if isinstance(value, dict | list):
            return "json"
        return SIMPLE.get(type(value), "varchar")

    def give_types(self, tables: ReadTables, table: str) -> None:
        """Give each column of a table the type of its values, unless a value would be lost."""
        for place, column in enumerate(self.names):
            kind = self._choose_type(place)
            if kind == "varchar":
                continue
            [(lost,)] = tables.connection.execute(
                f"select count(*) from {name(table)} where {name(column)} is not null"
                f" and try_cast({name(column)} as {kind}) is null"
            ).fetchall()
            if not lost:
                tables.connection.execute(
                    f"alter table {name(table)} alter {name(column)} set data type {kind}"
                )

    def _choose_type(self, place: int) -> str:
        types = self.types[place]
        if types == {"decimal"} or types == {"decimal", WHOLE}:
            scale = self.scales[place]
            return f"decimal({MAX_DIGITS}, {scale})" if scale < MAX_DIGITS else "varchar"
        return next(iter(types)) if len(types) == 1 else "varchar"


def _write(value: Any) -> str | None:
    """Return a value as text from which DuckDB reads the same value; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
