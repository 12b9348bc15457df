"""Move the models of a published file into a store, as if Spark had made them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.spark import store
from pipelines.sql import COMMENTS_SQL, quote
from pipelines.warehouse.on_spark import views
from pipelines.warehouse.publish import amend_published

MODELS_SQL = """
select schema_name || '.' || table_name, list([column_name, data_type] order by column_index)
from duckdb_columns()
where schema_name || '.' || table_name in (
    select schema_name || '.' || table_name from duckdb_tables()
    where schema_name in ('main', 'staging', 'intermediate')
    and 'model.rollcall.' || table_name in (select name from built.steps)
)
group by all order by all
"""
FILES = 2  # of each table, as by two tasks of Spark


def store_models(warehouse: Path, folder: Path) -> Path:
    """Publish the file again, with views of files in the place of the models. Return the
    generation."""
    with amend_published(warehouse) as workspace:
        generation = store.begin_generation(folder, workspace.dbt_home)
        with duckdb.connect(str(workspace.copy)) as connection:
            comments = connection.execute(COMMENTS_SQL).fetchall()
            for table, columns in connection.execute(MODELS_SQL).fetchall():
                files = _write(connection, table, columns, generation)
                is_history = table.endswith("_history")
                stored = views.Stored(table, files, generation, is_history)
                views.create_view(connection, stored, columns)
            views.set_comments(connection, comments)
    return generation


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[list[str]], folder: Path
) -> list[Path]:
    """Write the rows in order, as files of which each but the last has the same number of rows."""
    place = folder / table.replace(".", "/", 1)
    place.mkdir(parents=True)
    selected = ", ".join(
        f'"{name}"::{"VARCHAR" if kind == "JSON" else kind} as "{name}"' for name, kind in columns
    )
    [(rows,)] = connection.execute(f"select count(*) from {table}").fetchall()
    size, files = rows // FILES + 1, []
    for number in range(FILES):
        files.append(place / f"part-{number}.parquet")
        connection.execute(
            f"copy (select {selected} from {table} limit {size} offset {size * number})"
            f" to {quote(str(files[-1]))} (format parquet)"
        )
    return files
