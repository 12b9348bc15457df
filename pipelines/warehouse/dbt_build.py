"""Run dbt in this process: build the marts of the candidate file, and test them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.failures import Failure
from pipelines.policy import company_files
from pipelines.spark.engine import connect, read_engine
from pipelines.sql import create_tables, has_table
from pipelines.warehouse import (
    change_tables,
    dbt_statements,
    dbt_unchanged,
    push_tables,
    review_tables,
    version,
)
from pipelines.warehouse.dbt_run import Dbt
from pipelines.warehouse.dbt_variables import read_variables
from pipelines.warehouse.on_spark import views

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

DECISION_MODELS = "tag:decisions"  # the models whose rows depend on policy and decisions
# What a build may use of the memory at first: per thread of DuckDB, or per byte of the file. Before
# the first build, the file has nothing but raw rows, of which the models make many times the bytes.
MEMORY_PER_THREAD, MEMORY_PER_BYTE, MEMORY_PER_RAW_BYTE = 224 * 2**20, 3, 30
MEBIBYTES = {"MiB": 1, "GiB": 2**10, "TiB": 2**20}
OUT_OF_MEMORY = "Out of Memory Error"
PUSH_MODELS = dbt_statements.PUSH_MODELS
TABLES = (*review_tables.TABLES, *change_tables.TABLES, *push_tables.TABLES)


def check_engine() -> None:
    """Raise Misconfigured or StorageFailed if the settings name a Spark that cannot be used, before
    a command has done the work that the build would throw away."""
    if engine := read_engine():
        connect(engine).stop()


def transform(
    candidate: Path,
    home: Path,
    select: str = "",
    exclude: str = "",
    on_step: Callable[[int, int], None] | None = None,
) -> None:
    """Build and test the models that dbt's `select` and `exclude` choose; without both, all.

    Skips those that are up to date, and dbt as well if its SQL of an earlier build is known. Before
    each model and each test, `on_step` takes its number and how many there are. Raises Refused for
    the first model or test that fails; the candidate is then not published. With TRANSFORM__ON, all
    chosen models are built on Spark, and `on_step` takes how many there are already.
    """
    folder, engine = home / "dbt", read_engine()
    with duckdb.connect(str(candidate)) as connection:  # while open, opening again takes no time
        company_files.write_policy(candidate)
        variables = read_variables()
        # models read them; an older warehouse lacks some
        create_tables(connection, TABLES)
        push_tables.convert_older_tables(connection)
        if engine is None:
            views.restore_tables(connection)
            shapes = dbt_statements.read_shapes(connection)
            if dbt_unchanged.build_changed(candidate, folder, variables, select, exclude, on_step):
                return
    dbt = Dbt(folder, candidate.name, variables)
    is_older = _drop_stale_tables(candidate, dbt.manifest) or not version.has_these_models(
        candidate
    )
    if is_older and select == DECISION_MODELS:
        select = ""  # another version built this: the selected models need all the others
    dbt = replace(dbt, select=select, exclude=exclude)
    if engine:
        from pipelines.warehouse.on_spark.build import build_models  # imports every rule for Spark

        os.environ["ROLLCALL_MEMORY"] = _list_memory_limits(candidate)[-1]
        build_models(engine, candidate, home, dbt, on_step)
    else:
        recorder = _build_here(candidate, dbt, shapes, on_step)
    if select == PUSH_MODELS or not (select or exclude):
        version.record_version(candidate)
    if engine is None:
        kept = dbt_statements.keep_statements(
            folder, candidate, recorder, dbt.manifest.nodes, variables
        )
        dbt_unchanged.record_build(candidate, *kept)


def _build_here(
    candidate: Path,
    dbt: Dbt,
    shapes: dbt_statements.Shapes,
    on_step: Callable[[int, int], None] | None,
) -> dbt_statements.Recorder:
    """Build and test with dbt in this process, and return what dbt ran."""
    threads = 1 if candidate.stat().st_size > dbt_unchanged.MANY_BYTES else 0
    *first, most = _list_memory_limits(candidate)
    os.environ["ROLLCALL_CHECKPOINT"] = dbt_unchanged.choose_checkpoint(candidate)
    for memory in (*first, most):
        os.environ["ROLLCALL_MEMORY"] = memory
        recorder = dbt_statements.Recorder(shapes)
        callbacks = [recorder, partial(_tell_step, on_step)] if on_step else [recorder]
        try:
            dbt.run("build", candidate, callbacks, threads)
            break
        except Failure as failure:
            if memory == most or OUT_OF_MEMORY not in failure.why:
                raise
    return recorder


def _list_memory_limits(candidate: Path) -> list[str]:
    """Return how much memory a build may use: first little, because DuckDB would take most of the
    machine's, whether it needs it or not; then as much as DuckDB allows itself."""
    threads, size = os.cpu_count() or 2, candidate.stat().st_size
    with duckdb.connect(str(candidate)) as connection:
        [(most,)] = connection.execute("select current_setting('memory_limit')").fetchall()
        per_byte = MEMORY_PER_BYTE if has_table(connection, "grants") else MEMORY_PER_RAW_BYTE
    little = max(MEMORY_PER_THREAD * threads, per_byte * size) >> 20
    number, unit = most.split()  # such as 19.2 GiB
    has_more = little < float(number) * MEBIBYTES.get(unit, 0)
    return [f"{little}MiB", most] if has_more else [most]


def _tell_step(on_step: Callable[[int, int], None], event: EventMsg) -> None:
    if event.info.name == "LogStartLine":
        on_step(event.data.index, event.data.total)


def _drop_stale_tables(candidate: Path, manifest: Any) -> bool:
    """Drop the tables that only an older version's models make.

    Return whether a table of today's models is missing. Schema main stays as it is, because
    commands write tables there as well.
    """
    made = {
        f"{node.schema}.{node.name}"
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized != "ephemeral"
    }
    only_models = {table.split(".")[0] for table in made} - {"main"}
    with duckdb.connect(str(candidate)) as connection:
        found = views.read_relations(connection)
        for table in found.keys() - made:
            if table.split(".")[0] in only_models:
                views.drop_relation(connection, table, found[table])
    return not made <= found.keys()
