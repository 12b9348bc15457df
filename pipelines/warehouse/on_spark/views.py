"""Views of the published file whose rows are Parquet files, because Spark has made them.

A view names each of its files, so a file that is gone is an error and never looks like fewer rows.
The table `built.stored` says which tables are such views.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Failure, StorageFailed
from pipelines.redact import redact_text
from pipelines.sql import Table, create_tables, has_table, quote, quote_table

STORED = Table(
    "stored",
    "One row per table that is a view, because its rows are files in the store.",
    {
        "table_name": ("varchar not null", "The table, with its schema."),
        "generation": ("varchar not null", "The folder of the build that made the files."),
        "place": ("varchar not null", "The folder of the files."),
        "is_history": ("boolean not null", "Whether the rows cannot be made again."),
    },
    schema="built",
)
RESTORED = "__restored"  # at the end of a table's name while it takes the place of a view
RELATIONS_SQL = """
select table_schema || '.' || table_name, if(table_type = 'VIEW', 'view', 'table')
from information_schema.tables where table_catalog = current_database()
"""


@dataclass(frozen=True)
class Stored:
    """The files of a table, and the folder of the build that made them."""

    table: str  # with its schema
    files: list[Path]
    generation: Path
    is_history: bool = False


def read_relations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return every table and view, with its kind."""
    return dict(connection.execute(RELATIONS_SQL).fetchall())


def drop_relation(connection: duckdb.DuckDBPyConnection, table: str, kind: str) -> None:
    """Drop a table or a view."""
    connection.execute(f"drop {kind} {quote_table(table)}")
    if has_table(connection, STORED.name, STORED.schema):
        connection.execute("delete from built.stored where table_name = ?", [table])


def read_places(connection: duckdb.DuckDBPyConnection) -> dict[str, Path]:
    """Return the folder of each table that is a stored view."""
    if not has_table(connection, STORED.name, STORED.schema):
        return {}
    found = connection.execute("select table_name, place from built.stored").fetchall()
    return {table: Path(place) for table, place in found}


def read_generations(*paths: Path) -> set[str]:
    """Return the generations that published files refer to, as far as the files exist."""
    found: set[str] = set()
    for path in filter(Path.exists, paths):
        with duckdb.connect(str(path), read_only=True) as connection:
            if has_table(connection, STORED.name, STORED.schema):
                rows = connection.execute("select distinct generation from built.stored")
                found |= {generation for (generation,) in rows.fetchall()}
    return found


def create_view(
    connection: duckdb.DuckDBPyConnection, stored: Stored, columns: list[list[str]]
) -> None:
    """Put a view in the place of a table. `columns` have DuckDB's own types."""
    table = stored.table
    selected = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in columns)
    listed = ", ".join(quote(str(file)) for file in stored.files)
    if kind := read_relations(connection).get(table):
        drop_relation(connection, table, kind)
    connection.execute(f"create schema if not exists {quote_table(table.split('.', 1)[0])}")
    connection.execute(
        f"create view {quote_table(table)} as select {selected}"
        f" from read_parquet([{listed}], hive_partitioning = false)"
    )
    if not has_table(connection, STORED.name, STORED.schema):
        create_tables(connection, [STORED])
    place = stored.files[0].parent
    row = [table, str(stored.generation), str(place), stored.is_history]
    connection.execute("insert into built.stored values (?, ?, ?, ?)", row)


def set_comments(
    connection: duckdb.DuckDBPyConnection, comments: list[tuple[str, str, str | None, str | None]]
) -> None:
    """Give the stored views the comments of the tables in whose place they are, as rows of
    COMMENTS_SQL."""
    stored = read_places(connection)
    for schema, table, column, text in comments:
        if text is not None and f"{schema}.{table}" in stored:
            what = f'column "{schema}"."{table}"."{column}"' if column else ""
            what = what or f'view "{schema}"."{table}"'
            connection.execute(f"comment on {what} is {quote(text)}")


def restore_tables(connection: duckdb.DuckDBPyConnection, only_histories: bool = False) -> None:
    """Make the histories tables again, and drop all other stored views: a build makes them."""
    if not has_table(connection, STORED.name, STORED.schema):
        return
    found = connection.execute("select table_name, is_history from built.stored").fetchall()
    for table, is_history in found:
        view, name = quote_table(table), table.split(".", 1)[1]
        if is_history:
            connection.execute(f"create table {quote_table(table + RESTORED)} as from {view}")
        if is_history or not only_histories:
            connection.execute(f"drop view {view}")
        if is_history:
            connection.execute(f'alter table {quote_table(table + RESTORED)} rename to "{name}"')
    condition = "where is_history" if only_histories else ""
    connection.execute(f"delete from built.stored {condition}")


def explain_unseen(error: BaseException) -> Failure | None:
    """Return the failure behind a query that did not find the files of a stored view."""
    if not isinstance(error, duckdb.IOException):
        return None
    path = settings.warehouse_path()
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            places = read_places(connection)
    except duckdb.Error:
        return None
    if not any(str(place) in str(error) for place in places.values()):
        return None
    return StorageFailed(
        str(path),
        f"its tables are views of files that cannot be read here ({redact_text(error)})",
        "mount the folder TRANSFORM__STORE of the machine that syncs, under the same path",
    )
