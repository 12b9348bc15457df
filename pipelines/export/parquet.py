"""Write every table and view of schema main as a Parquet file, for warehouses and lakehouses.

A column has a type that all readers know: text, boolean, 64-bit integers, doubles, days, UTC times
and lists of text. The descriptions of tables and columns are in the manifest and in each file (key
`rollcall`), because Parquet itself has no place for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__
from pipelines.files.safe_csv import describe_file
from pipelines.files.text_stream import sync_to_disk
from pipelines.sql import quote

TABLES_SQL = """
select table_name, comment, '' from duckdb_tables()
where database_name = current_database() and schema_name = 'main'
union all
select view_name, comment, if(contains(sql, 'read_parquet('), '', 'order by 1')
from duckdb_views()
where database_name = current_database() and schema_name = 'main' and not internal
order by table_name
"""
COLUMNS_SQL = """
select column_name, data_type, comment from duckdb_columns()
where database_name = current_database() and schema_name = 'main' and table_name = ?
order by column_index
"""
# What a type becomes where not every reader of Parquet knows it
PORTABLE = {"JSON": "VARCHAR", "UUID": "VARCHAR", "HUGEINT": "BIGINT"}
ROWS_PER_GROUP = 122_880  # DuckDB's own unit
COPY_SQL = """
copy (select {columns} from main.{table} {order}) to {path} (
    format parquet, compression zstd, row_group_size {rows}, kv_metadata {{rollcall: {about}}}
)
"""


def write_parquet(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[dict[str, Any]]:
    """Write `<table>.parquet` for each table, and yield its entry for the manifest.

    The rows keep the order of the table, so the same warehouse gives the same bytes. A view of
    tables has no order: its rows are sorted by the first column, which is its key.
    """
    # One writer: with more, the bytes depend on which one is first
    warehouse.execute("set threads = 1")
    warehouse.execute("set preserve_insertion_order = true")
    for table, comment, order in warehouse.execute(TABLES_SQL).fetchall():
        columns = [
            {"name": name, "type": PORTABLE.get(kind, kind), "description": about or ""}
            for name, kind, about in warehouse.execute(COLUMNS_SQL, [table]).fetchall()
        ]
        about = {"rollcall": __version__, "table": table, "description": comment or ""}
        about["columns"] = {one["name"]: one["description"] for one in columns}
        path = folder / f"{table}.parquet"
        [(rows,)] = warehouse.execute(
            COPY_SQL.format(
                columns=", ".join(_select(one["name"], one["type"]) for one in columns),
                table=f'"{table}"',
                order=order,
                path=quote(str(path)),
                rows=ROWS_PER_GROUP,
                about=quote(json.dumps(about, ensure_ascii=False)),
            )
        ).fetchall()
        sync_to_disk(path)
        more = {"bytes": path.stat().st_size, "description": comment or ""}
        yield describe_file(path, columns, rows) | more


def _select(name: str, kind: str) -> str:
    return f'"{name}"::{kind} as "{name}"'
