"""DuckDB and Spark agree on every expression of the models, on rows that are hard on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from pipelines.failures import Refused
from pipelines.spark import dialect
from pipelines.spark.dialect import name_view, translate
from pipelines.spark.session import prepare_session
from tests.support.counted import count
from tests.support.engines import SHAPES, fill, read_expressions
from tests.support.local_spark import start_spark

pytestmark = pytest.mark.long
EXPRESSIONS = read_expressions()
# Rules that only refuse: they change nothing where they do not
GUARDS = {exp.Add, exp.ConcatWs, exp.Div, exp.DPipe, exp.In, exp.Is, exp.Left, exp.Like, exp.Trim}


@dataclass(frozen=True)
class Engines:
    """The same rows on both engines."""

    duckdb: duckdb.DuckDBPyConnection
    spark: Any

    def ask_duckdb(self, name: str) -> list[str]:
        return sorted(map(_show, self.duckdb.execute(EXPRESSIONS[name]).fetchall()))

    def ask_spark(self, name: str) -> list[str]:
        found = self.spark.sql(translate(EXPRESSIONS[name], SHAPES, name))
        return sorted(_show(tuple(row)) for row in found.collect())


def _show(row: tuple[Any, ...]) -> str:
    return str([round(value, 9) if isinstance(value, float) else value for value in row])


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    home = tmp_path_factory.mktemp("engines")
    with duckdb.connect() as connection, start_spark(home) as spark:
        fill(connection)
        for statement in prepare_session(connection, SHAPES):
            spark.sql(statement)
        for table in SHAPES:
            file = home / f"{table}.parquet"
            query = f"select * replace (j::varchar as j) from {table}"
            connection.execute(f"copy ({query}) to '{file}' (format parquet)")
            view = name_view(*table.split("."))
            spark.read.parquet(str(file)).createOrReplaceTempView(view)
        yield Engines(connection, spark)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_both_engines_agree(name, engines):
    """Both engines find the same rows, nulls included."""
    count("engines", expressions=1)
    assert engines.ask_duckdb(name) == engines.ask_spark(name)


def _agree(name: str, engines: Engines) -> bool:
    try:
        return engines.ask_duckdb(name) == engines.ask_spark(name)
    except Exception:  # whatever Spark raises
        return False


@pytest.mark.parametrize(
    "kind", [*(kind for kind in dialect.RULES if kind not in GUARDS), *dialect.NAMED]
)
def test_without_a_rule_the_engines_differ(kind, engines, monkeypatch):
    """No rule is there for nothing: without it, Spark refuses an expression or finds other rows."""
    before = {name: translate(sql, SHAPES, name) for name, sql in EXPRESSIONS.items()}
    rules = dialect.NAMED if isinstance(kind, str) else dialect.RULES
    monkeypatch.setitem(rules, kind, lambda node: node)
    changed = []
    for name, sql in EXPRESSIONS.items():
        try:
            if translate(sql, SHAPES, name) != before[name]:
                changed.append(name)
        except Refused:
            continue  # another rule notices
    count("engines", rules=1)

    assert changed and not all(_agree(name, engines) for name in changed)
