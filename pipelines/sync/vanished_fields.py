"""Find the fields of raw rows that no row has any more.

A vendor leaves out what a credential may not see, without an error. If rows had a field in the last
complete read, and neither they nor any other row has it now, then a right was lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.sources.needed_fields import HAS_VALUE, NeededField, list_needed_fields
from pipelines.sources.raw_rows import OWN_FIELDS
from pipelines.sql import quote
from pipelines.sync.shrink_limits import Shrinkage

EARLIER = "rollcall_last_published"  # a name that no warehouse has
ASKED = "asked_fields"  # the raw table of the fields that push rules ask for, where a source has it
# Only rows that are still there: a field that left together with its rows was not hidden
EARLIER_ROWS = f"(from {EARLIER}.{{table}} as earlier semi join {{table}} as later using (id))"
FIELDS_SQL = """
with values as (
    select unnest(map_keys(fields)) as field, unnest(map_values(fields)) as value
    from (select payload::map(varchar, json) as fields from {rows})
)
select field, count(*) from values where {has_value} and field not in {own_fields}
group by field order by field
"""

# Fields that a source has read for push rules only, and that it did not ask for this time
UNASKED_SQL = f"""
select id from {EARLIER}.{{table}} where payload->>'isExtra' = 'true'
except select id from {{table}} where payload->>'isRefused' = 'false'
"""


@dataclass(frozen=True)
class VanishedField:
    """A field that `rows` rows had and no row has now; `needed` is set if staging needs it."""

    source: str
    resource: str
    name: str
    rows: int
    needed: NeededField | None = None

    @property
    def decides_status(self) -> bool:
        return self.needed is not None and self.needed.decides_status

    @property
    def shrinkage(self) -> Shrinkage:
        why = "no row has this field any more, though rows that had it are still there"
        if self.needed:
            why += f"; the credential may lack {self.needed.right}"
        return Shrinkage(f"{self.source}.{self.resource}.{self.name}", self.rows, 0, why)


def find_vanished_fields(
    connection: duckdb.DuckDBPyConnection, published: Path, sources: list[str]
) -> Iterator[VanishedField]:
    """Yield each field of these sources that has vanished since their last complete read.

    The published file has the rows of that read.
    """
    connection.execute(f"attach {quote(str(published))} as {EARLIER} (read_only)")
    for source in sources:
        tables = connection.execute(
            "select table_name from duckdb_columns() where schema_name = ? and"
            " column_name = 'payload' group by table_name having count(*) = 2 order by table_name",
            [f"raw_{source}"],
        ).fetchall()
        unasked = set()
        if (ASKED,) in tables:
            found = connection.execute(UNASKED_SQL.format(table=f"raw_{source}.{ASKED}"))
            unasked = {name for (name,) in found.fetchall()}
        for (resource,) in tables:
            for field in _find_in_table(connection, source, resource):
                if field.name not in unasked:
                    yield field
    connection.execute(f"detach {EARLIER}")


def _find_in_table(
    connection: duckdb.DuckDBPyConnection, source: str, resource: str
) -> Iterator[VanishedField]:
    table = f"raw_{source}.{resource}"
    earlier_rows = EARLIER_ROWS.format(table=table)
    if _content(connection, table) == _content(connection, f"{EARLIER}.{table}"):
        return
    needed = {field.name: field for field in list_needed_fields(source, resource)}
    earlier, now = (_count_fields(connection, rows) for rows in (earlier_rows, table))
    for field in needed.values():
        earlier[field.name] = _count_rows(connection, earlier_rows, field)
        now[field.name] = _count_rows(connection, table, field)
    for name, rows in earlier.items():
        if rows and not now.get(name):
            yield VanishedField(source, resource, name, rows, needed.get(name))


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int | None]:
    return connection.execute(f"select count(*), sum(hash(id || row_hash)) from {table}").fetchone()


def _count_fields(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, int]:
    """Return the number of rows that have a value, by top-level field."""
    sql = FIELDS_SQL.format(rows=rows, has_value=HAS_VALUE, own_fields=OWN_FIELDS)
    return dict(connection.execute(sql).fetchall())


def _count_rows(connection: duckdb.DuckDBPyConnection, rows: str, field: NeededField) -> int:
    return connection.execute(f"select count(*) from {rows} where {field.condition}").fetchone()[0]
