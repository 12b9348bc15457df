"""Build only what has changed, without dbt.

A model is up to date if the columns that it reads hold the rows of its last build, and its table
holds the rows that this build made. A data test is up to date if the columns that it reads hold the
rows with which it passed. Only contents are compared, not which command ran when, because another
command may have built with other rules in between. This works because models read neither clock nor
network.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.sql import Table, has_table, quote_table, replace_table
from pipelines.warehouse import PROJECT_FOLDER, version
from pipelines.warehouse.dbt_statements import (
    Statements,
    Step,
    describe_context,
    read_shapes,
    read_statements,
)

RUNS = "main.runs"
MANY_BYTES = 64 * 2**20  # of a file whose models are built one after the other, in less memory
OF_A_BUILD = ("memory_limit", "checkpoint_threshold")  # settings that differ between builds
STEPS = Table(
    "steps",
    "What each model and data test was last built from: one row each.",
    {
        "name": ("varchar", "The model or data test, as dbt calls it."),
        "digest": (
            "varchar",
            "SHA-256 of its SQL, of what it read, and of the table that it made.",
        ),
    },
    schema="built",
)


class OnlyDbt(Exception):
    """Only dbt can build a model, or say why a data test fails."""


class Contents:
    """Digests of the rows that tables hold now, in any order: of the columns that steps compare."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, statements: Statements, steps: list[Step]
    ) -> None:
        self.connection, self.statements = connection, statements
        self.known: dict[str, dict[str, str]] = {}  # by table and columns
        self.wanted: dict[str, set[str]] = defaultdict(set)
        for step in steps:
            for table, columns in self.compare(step).items():
                self.wanted[table].add(columns)

    def compare(self, step: Step) -> dict[str, str]:
        """Return the columns that decide whether a step is up to date, by table.

        A history takes from `runs` only the time of its new versions. Rows that are the same as at
        the last build open and close none. A view holds no rows, so only its SQL decides.
        """
        compared = {
            table: _list_names(columns)
            for table, columns in step.reads.items()
            if not (step.is_history and table == RUNS)
        }
        if step.table and not step.is_view:
            compared[step.table] = _list_names(
                name for name, _ in self.statements.shapes[step.table]
            )
        return compared

    def digest(self, table: str, columns: str) -> str:
        if table not in self.known:
            wanted = sorted(self.wanted[table])
            # Hashed twice: DuckDB puts the hashes of columns together by an exclusive or, whose sum
            # may stay the same when two rows swap a value
            sums = ", ".join(f"sum(hash(hash({one})))" for one in wanted)
            sql = f"select count(*), {sums} from {quote_table(table)}"
            [found] = self.connection.execute(sql).fetchall()
            self.known[table] = {
                one: f"{found[0]} {total}" for one, total in zip(wanted, found[1:], strict=True)
            }
        return self.known[table][columns]

    def forget(self, table: str) -> None:
        self.known.pop(table, None)

    def digest_step(self, step: Step) -> str:
        """Return the SHA-256 of a step's SQL, of what it reads, and of the table that it made."""
        compared = [
            (table, columns, self.digest(table, columns))
            for table, columns in sorted(self.compare(step).items())
        ]
        parts = json.dumps([self.statements.context, step.statements, compared])
        return hashlib.sha256(parts.encode()).hexdigest()


def _list_names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def build_changed(
    candidate: Path,
    folder: Path,
    variables: dict[str, Any],
    select: str,
    exclude: str,
    on_step: Callable[[int, int], None] | None = None,
) -> bool:
    """Build and test what has changed among the models that dbt's `select` and `exclude` choose.

    Return False if this takes dbt: the SQL is not known, or a statement or a data test fails, and
    dbt shall say why. Each model is then as dbt would find it: built or not.
    """
    statements = read_statements(folder)
    if statements is None or not version.has_these_models(candidate):
        return False
    steps = statements.choose(select, exclude)
    with duckdb.connect(str(candidate)) as connection:
        shapes = read_shapes(connection)
        tables = {table for step in steps for table in (step.table, *step.reads)} - {""}
        if (
            not steps
            or statements.context != describe_context(connection, shapes, variables)
            or any(statements.shapes.get(table) != shapes.get(table, []) for table in tables)
        ):
            return False
        connection.execute(f"set checkpoint_threshold = '{choose_checkpoint(candidate)}'")
        try:
            _build_steps(connection, statements, steps, on_step)
        except (duckdb.Error, OnlyDbt):
            return False
    return True


def _build_steps(
    connection: duckdb.DuckDBPyConnection,
    statements: Statements,
    steps: list[Step],
    on_step: Callable[[int, int], None] | None,
) -> None:
    """Run the steps that are not up to date. Raises OnlyDbt."""
    for name, value in _read_settings().items():
        connection.execute(f"set {name} = '{value}'")
    for sql in statements.start:
        connection.execute(sql)
    contents = Contents(connection, statements, steps)
    digests = _read_digests(connection)
    for number, step in enumerate(steps, 1):
        if digests.get(step.name) == contents.digest_step(step):
            continue
        if on_step:
            on_step(number, len(steps))
        _run(connection, step)
        contents.forget(step.table)
        digests[step.name] = contents.digest_step(step)
    _write_digests(connection, digests)


def _run(connection: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Run all statements of a step, or none."""
    if not step.is_repeatable:
        raise OnlyDbt
    connection.begin()
    try:
        for sql in step.statements:
            result = connection.execute(sql)
            if not step.table and result.fetchone()[0] != 0:  # how many rows fail the test
                raise OnlyDbt
    except (duckdb.Error, OnlyDbt):
        connection.rollback()
        raise
    connection.commit()


def choose_checkpoint(candidate: Path) -> str:
    """Return after how many bytes of its log DuckDB shall write a checkpoint.

    In a large file, after each model: the next one reuses the blocks of the table that this one has
    replaced. In a small file, as usual, because a checkpoint waits for the disk.
    """
    return "64KiB" if candidate.stat().st_size > MANY_BYTES else "16MiB"


def record_build(candidate: Path, statements: Statements, built: list[Step]) -> None:
    """Record what the steps that dbt has just built were built from."""
    with duckdb.connect(str(candidate)) as connection:
        contents = Contents(connection, statements, built)
        earlier = _read_digests(connection)
        digests = {step.name: earlier.get(step.name, "") for step in statements.steps}
        digests |= {step.name: contents.digest_step(step) for step in built}
        _write_digests(connection, digests)


def _read_digests(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    if not has_table(connection, "steps", "built"):
        return {}
    return dict(connection.execute("select name, digest from built.steps").fetchall())


def _write_digests(connection: duckdb.DuckDBPyConnection, digests: dict[str, str]) -> None:
    connection.execute("drop table if exists built.decisions")  # of an older version
    replace_table(connection, STEPS)
    # one parameter: DuckDB tries to import pandas for each value of a list
    connection.execute(
        "insert into built.steps select key, value ->> '$' from json_each(?)", [json.dumps(digests)]
    )


def _read_settings() -> dict[str, str]:
    """Return the settings of DuckDB that dbt sets for its builds, but for those of a build: one
    model after the other needs less memory."""
    text = (PROJECT_FOLDER / "profiles.yml").read_text(encoding="utf-8")
    [output] = yaml.safe_load(text)["rollcall"]["outputs"].values()
    return {name: value for name, value in output["settings"].items() if name not in OF_A_BUILD}
