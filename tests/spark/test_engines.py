"""DuckDB and Spark agree on every expression of the models, on rows that are hard on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from pipelines.failures import Refused
from pipelines.spark import dialect
from pipelines.spark.dialect import name_view, translate
from pipelines.spark.session import prepare_session
from tests.support.counted import count
from tests.support.engines import ROWS, SHAPES, fill, is_of_one_row, make_rows, read_expressions
from tests.support.local_spark import start_spark

pytestmark = pytest.mark.long
EXPRESSIONS = read_expressions()
# Rules that only refuse: they change nothing where they do not. And that of `hash`: Spark's own has
# 32 bits, so more rows have the same, but models compare such rows in full.
GUARDS = {
    *(exp.Add, exp.ConcatWs, exp.Div, exp.DPipe, exp.In, exp.Is, exp.Left, exp.Like, exp.Trim),
    "hash",
}


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
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    with duckdb.connect() as connection, start_spark(tmp_path_factory.mktemp("spark")) as spark:
        yield Engines(connection, spark)


def _fill_both(engines: Engines, rows: list[tuple[Any, ...]], home: Path) -> None:
    fill(engines.duckdb, rows)
    for statement in prepare_session(engines.duckdb, SHAPES):
        engines.spark.sql(statement)
    for table in SHAPES:
        file = home / f"{table}.parquet"
        query = f"select * replace (j::varchar as j) from {table}"
        engines.duckdb.execute(f"copy ({query}) to '{file}' (format parquet)")
        view = name_view(*table.split("."))
        engines.spark.read.parquet(str(file)).createOrReplaceTempView(view)


@pytest.fixture(scope="module")
def engines(started: Engines, tmp_path_factory: pytest.TempPathFactory) -> Engines:
    _fill_both(started, ROWS, tmp_path_factory.mktemp("rows"))
    return started


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
    "kind", [kind for kind in (*dialect.RULES, *dialect.NAMED) if kind not in GUARDS]
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


@pytest.mark.parametrize("seed", range(3))
def test_both_engines_agree_on_random_rows(seed, started, tmp_path):
    """Both engines find the same of random texts, documents, days and lists."""
    _fill_both(started, make_rows(Random(seed), 300), tmp_path)
    chosen = [name for name, sql in EXPRESSIONS.items() if is_of_one_row(sql)]
    count("engines", values=300 * len(chosen))

    assert len(chosen) > 60
    for first in range(0, len(chosen), 15):  # many in one query, because each takes Spark a second
        names = chosen[first : first + 15]
        queries = (EXPRESSIONS[name] for name in names)
        columns = (
            sql.removeprefix("select n, ").removesuffix(" as x from main.t") for sql in queries
        )
        sql = "select n, " + ", ".join(f"{one} as x{i}" for i, one in enumerate(columns))
        expected = started.duckdb.execute(f"{sql} from main.t order by n").fetchall()
        found = started.spark.sql(translate(f"{sql} from main.t", SHAPES, "random")).collect()
        assert {} == {
            name: (row, other)
            for row, other in zip(expected, sorted(map(tuple, found)), strict=True)
            for name, a, b in zip(names, row[1:], other[1:], strict=True)
            if _show((a,)) != _show((b,))
        }
