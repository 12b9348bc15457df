"""Compare the published tables with a build of everything."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse import dbt_statements
from pipelines.warehouse.dbt_build import transform
from tests.support.product import Rollcall, partial_parse_path

SCHEMAS = ("main", "staging", "intermediate")
TABLES = f"""
select format('"{{}}"."{{}}"', table_schema, table_name) from information_schema.tables
where table_catalog = 'published' and table_schema in {SCHEMAS}
order by all
"""


def differences(rollcall: Rollcall, home: Path, **settings: str) -> dict[str, list[tuple]]:
    """Build all models in a copy of the published file; return the rows that only one of both has.

    A history that missed a change gets the change now, and one that invented a change undoes it.
    """
    copy = home / rollcall.warehouse.name
    dbt_home = home / "work"
    (dbt_home / "dbt").mkdir(parents=True)
    parsed = partial_parse_path(rollcall.warehouse)
    (dbt_home / "dbt" / parsed.name).write_bytes(parsed.read_bytes())
    copy.write_bytes(rollcall.warehouse.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SOURCES__")]:
            patch.delenv(name)
        for name, value in (rollcall.environment | settings).items():
            patch.setenv(name, value)
        patch.chdir(rollcall.home)
        transform(copy, dbt_home)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach '{rollcall.warehouse}' as published (read_only)")
        tables = [name for (name,) in connection.execute(TABLES).fetchall()]
        assert '"main"."access_review"' in tables
        found = {table: _differences(connection, table) for table in tables}
    return {table: rows for table, rows in found.items() if rows}


def _differences(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple]:
    here, there = table, f"published.{table}"
    return connection.execute(
        f"(select 'built', * from (from {here} except all from {there}))"
        f" union all (select 'published', * from (from {there} except all from {here})) limit 3"
    ).fetchall()


def statements_path(rollcall: Rollcall) -> Path:
    """Return the file that dbt's builds leave, and no build without dbt does."""
    return partial_parse_path(rollcall.warehouse).parent / dbt_statements.FILE
