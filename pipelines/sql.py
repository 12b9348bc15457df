"""SQL that several packages need, and the declaration of tables that commands write themselves.

Rows that commands write cannot be built again from the sources, so every new file keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

COMMENTS_SQL = """
select schema_name, table_name, null, comment
from duckdb_tables() where database_name = current_database()
union all
select schema_name, view_name, null, comment
from duckdb_views() where database_name = current_database() and not internal
union all
select schema_name, table_name, column_name, comment
from duckdb_columns() where database_name = current_database() and not internal
"""
NAMES = re.compile(r'(?=\b(\w+)"?\."?(\w+)\b)')


@dataclass(frozen=True)
class Table:
    """One table that is kept: its columns as name -> (type, description), and its primary key.

    Large tables declare no key, because the index is expensive. Code that inserts into them must
    check for duplicates itself.
    """

    name: str
    about: str
    columns: dict[str, tuple[str, str]]
    key: tuple[str, ...] = ()
    schema: str = "main"


def create_tables(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
    """Create the tables, or add the columns that they lack; set all comments."""
    comments = {
        (f"{schema}.{table}", column): text
        for schema, table, column, text in connection.execute(COMMENTS_SQL).fetchall()
    }
    for table in tables:
        place = f"{table.schema}.{table.name}"
        if (place, None) not in comments:
            parts = [f"{name} {kind}" for name, (kind, _) in table.columns.items()]
            if table.key:
                parts.append(f"primary key ({', '.join(table.key)})")
            connection.execute(f"create schema if not exists {table.schema}")
            connection.execute(f"create table {place} ({', '.join(parts)})")
        for name, (kind, _) in table.columns.items():
            bare = kind.removesuffix(" not null")  # earlier rows have no value
            if (place, name) not in comments:
                connection.execute(f"alter table {place} add column if not exists {name} {bare}")
        if comments.get((place, None)) != table.about:
            connection.execute(f"comment on table {place} is {quote(table.about)}")
        for name, (_, about) in table.columns.items():
            if comments.get((place, name)) != about:
                connection.execute(f"comment on column {place}.{name} is {quote(about)}")


def replace_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty table in place of the one of this name, if there is any."""
    connection.execute(f"drop table if exists {table.schema}.{table.name}")
    create_tables(connection, [table])


def has_table(connection: duckdb.DuckDBPyConnection, name: str, schema: str = "main") -> bool:
    """Return whether the open database has this table or view."""
    with suppress(duckdb.Error):
        connection.execute(f'describe "{schema}"."{name}"')
        return True
    # the list takes twenty times as long; it also knows a view whose files are gone
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_catalog = current_database()"
            " and table_schema = ? and table_name = ?",
            [schema, name],
        ).fetchone()
    )


def find_names(sql: str) -> set[str]:
    """Return each two words of a query that could be the schema and the name of a table."""
    return {f"{schema}.{table}" for schema, table in NAMES.findall(sql)}


def quote_table(table: str) -> str:
    """Return the name of a table with its schema, in quotation marks."""
    return ".".join(f'"{part}"' for part in table.split(".", 1))


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def matches_sql(value: str, pattern: str) -> str:
    """Return SQL that tests whether a value matches a pattern; both are SQL expressions.

    In a pattern `*` stands for any text, and no other character is special. The dbt macro `matches`
    is the same test.
    """
    literal = "replace(replace(replace({}, '\\', '\\\\'), '%', '\\%'), '_', '\\_')"
    return f"{value} like replace({literal.format(pattern)}, '*', '%') escape '\\'"


def fetch_rows(result: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    """Yield the rows of a result, with only one batch in memory at a time."""
    while batch := result.fetchmany(10_000):
        yield from batch


def fetch_dicts(result: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """Yield the rows of a result as dicts by column name."""
    names = [column[0] for column in result.description]
    return (dict(zip(names, row, strict=True)) for row in fetch_rows(result))
