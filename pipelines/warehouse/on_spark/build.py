"""Build the models of the candidate on Spark; test them here.

dbt builds all models once without a row, in an empty file of the same shape. That gives each query,
and the columns, comments, constraints and macros of each table. Spark runs the queries; views of
its files take the place of the tables; the data tests read the views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb

from pipelines.failures import Refused
from pipelines.files.scratch import scratch
from pipelines.spark.engine import Engine
from pipelines.spark.run import STEPS, Model, Run
from pipelines.spark.session import prepare_session
from pipelines.spark.store import begin_generation, make_folder, open_to_readers
from pipelines.sql import COMMENTS_SQL, quote
from pipelines.warehouse.dbt_run import Dbt
from pipelines.warehouse.dbt_statements import MACRO, Recorder, Shapes, read_shapes
from pipelines.warehouse.dbt_variables import read_variables
from pipelines.warehouse.on_spark import views
from pipelines.warehouse.publish import open_published

INPUTS = "inputs"  # the folder of the tables that no model makes
# How a column leaves DuckDB where Parquet has no such type, or Spark would take it for bytes
EXPORTED = {"JSON": "VARCHAR", "HUGEINT": "DECIMAL(38, 0)", "UUID": "VARCHAR"}
CONSTRAINTS_SQL = """
select
    schema_name || '.' || table_name,
    case constraint_type
        when 'NOT NULL' then format('"{}" is null', constraint_column_names[1])
        else format('not ({})', expression)
    end,
    constraint_text || ' of ' || constraint_column_names[1]
from duckdb_constraints() where constraint_type in ('NOT NULL', 'CHECK')
"""


@dataclass(frozen=True)
class Compiled:
    """The models as dbt has built them without a row."""

    empty: duckdb.DuckDBPyConnection  # to the file of empty tables
    models: list[Model]
    shapes: Shapes  # of all tables
    hooks: list[str]  # what dbt runs before the models
    macros: list[str]


@contextmanager
def compile_models(shapes: Shapes, file: str, home: Path, dbt: Dbt) -> Iterator[Compiled]:
    """Yield the models, compiled over empty tables of these shapes, in a file that exists as long
    as the block. A query names the catalog, which is called like the file."""
    with scratch(home / "empty") as folder:
        path = folder / file
        with duckdb.connect(str(path)) as connection:
            for schema in {table.split(".", 1)[0] for table in shapes}:
                connection.execute(f'create schema if not exists "{schema}"')
            for table, columns in shapes.items():
                listed = ", ".join(f'"{name}" {kind}' for name, kind in columns)
                schema, name = table.split(".", 1)
                connection.execute(f'create table "{schema}"."{name}" ({listed})')
        recorder = Recorder(shapes)
        results = dbt.run("run", path, [recorder])
        models = [
            Model(
                f"{one.node.schema}.{one.node.name}",
                one.node.compiled_code,
                one.node.config.unique_key if one.node.config.materialized == "incremental" else "",
            )
            for one in results
            if one.node.resource_type == "model"
        ]
        statements = [
            (node.startswith("operation."), sql)
            for node, found in recorder.statements.items()
            for sql in found
        ]
        hooks = [sql for is_hook, sql in statements if is_hook]
        macros = [sql for is_hook, sql in statements if not is_hook and MACRO.match(sql)]
        with duckdb.connect(str(path)) as connection:
            yield Compiled(connection, models, read_shapes(connection), hooks, macros)


@contextmanager
def compile_published(warehouse: Path) -> Iterator[Compiled]:
    """Yield all models, compiled for the tables of the published file. Raises Misconfigured."""
    with open_published(warehouse) as connection:
        shapes = read_shapes(connection)
    with TemporaryDirectory() as folder:
        dbt = Dbt(Path(folder), warehouse.name, read_variables())
        with compile_models(shapes, warehouse.name, Path(folder), dbt) as compiled:
            yield compiled


def build_models(
    engine: Engine,
    candidate: Path,
    home: Path,
    dbt: Dbt,
    on_step: Callable[[int, int], None] | None,
) -> None:
    """Build the models that `dbt` chooses in a new generation, and test them.

    The other tables stay what they are: tables, or views of earlier generations. Raises Refused for
    the first model or test that fails, and StorageFailed if Spark or its files are gone.
    """
    generation = begin_generation(engine.store, home)
    with duckdb.connect(str(candidate)) as connection:
        shapes = read_shapes(connection)
        with compile_models(shapes, candidate.name, candidate.parent, dbt) as compiled:
            for sql in compiled.hooks:
                connection.execute(sql)
            before = read_shapes(connection)
            places = _export_inputs(connection, compiled.models, before, generation)
            statements = prepare_session(connection, {table: before[table] for table in places})
            run = Run(engine, generation, places, before, compiled.shapes, statements)
            files = run.build(compiled.models, on_step)
            for model in compiled.models:
                table, is_history = model.table, bool(model.key)
                stored = views.Stored(table, files[table], generation, is_history)
                views.create_view(connection, stored, compiled.shapes[table])
            views.set_comments(connection, compiled.empty.execute(COMMENTS_SQL).fetchall())
            _check_constraints(connection, compiled.empty, {*files})
            for sql in compiled.macros:
                connection.execute(sql)
    for name in (INPUTS, STEPS):
        rmtree(generation / name, ignore_errors=True)
    dbt.run("test", candidate)


def _export_inputs(
    connection: duckdb.DuckDBPyConnection, models: list[Model], shapes: Shapes, generation: Path
) -> dict[str, Path]:
    """Return the folder of each table that the models read and do not make, and of each history.

    A stored view has one already; the rows of the others are copied to the new generation.
    """
    made = {model.table for model in models if not model.key}
    read = {table for model in models for table in model.find_tables({*shapes})} - made
    places = views.read_places(connection)
    make_folder(generation / INPUTS)
    for table in sorted(read - places.keys()):
        place = places[table] = generation / INPUTS / table
        make_folder(place)
        selected = ", ".join(
            f'"{name}"::{EXPORTED.get(kind, kind)} as "{name}"' for name, kind in shapes[table]
        )
        schema, name = table.split(".", 1)
        file = place / "rows.parquet"
        connection.execute(
            f'copy (select {selected} from "{schema}"."{name}") to {quote(str(file))}'
            " (format parquet, compression zstd)"
        )
        open_to_readers(file)
    return {table: places[table] for table in read}


def _check_constraints(
    connection: duckdb.DuckDBPyConnection, empty: duckdb.DuckDBPyConnection, tables: set[str]
) -> None:
    """Raise Refused for a row against a contract, because a view has no constraints of its own."""
    for table, is_broken, rule in empty.execute(CONSTRAINTS_SQL).fetchall():
        if table in tables:
            schema, name = table.split(".", 1)
            [(rows,)] = connection.execute(
                f'select count(*) from "{schema}"."{name}" where {is_broken}'
            ).fetchall()
            if rows:
                why = f"{rows} rows are against its contract: {rule}"
                raise Refused(
                    f"transform: model {name}",
                    why,
                    "look at the refused candidate, then run `rollcall sync` again",
                )
