"""The models' queries for DuckDB, as dbt compiles them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlglot

from pipelines.warehouse import dbt_run, dbt_statements
from tests.support.product import Published, partial_parse_path

Shapes = dbt_statements.Shapes


@dataclass(frozen=True)
class Compiled:
    """The queries of a project, by the tables that they make."""

    first: dict[str, str]  # of a first build
    again: dict[str, str]  # of a later one, in which histories read themselves
    shapes: Shapes


def compile_models(published: Published, home: Path) -> Compiled:
    """Compile all models for a published file, in this process."""
    kept = json.loads(published.left[dbt_statements.FILE])
    steps = [step for step in kept["steps"] if step["table"]]
    copy = published.copy_for_dbt(home)
    done = dbt_run.Dbt(partial_parse_path(copy).parent, copy.name, {}).run("compile", copy)
    nodes = [result.node for result in done]
    with duckdb.connect(str(copy)) as connection:
        shapes = dbt_statements.read_shapes(connection)
    return Compiled(
        {step["table"]: _find_query(step["statements"]) for step in steps},
        {
            f"{node.schema}.{node.name}": node.compiled_code
            for node in nodes
            if node.resource_type == "model" and node.config.materialized != "ephemeral"
        },
        shapes,
    )


def _find_query(statements: list[str]) -> str:
    """Return the query whose rows a build put into a table."""
    for sql in statements:
        words = sql.split(maxsplit=2)[:2]
        if words in (["create", "table"], ["create", "view"], ["insert", "into"]):
            query = sqlglot.parse_one(sql, dialect="duckdb").expression
            if query is not None:
                return query.unnest().sql(dialect="duckdb")
    raise AssertionError(f"no query in {statements}")
