"""Build the same candidate here and on Spark, and compare every table."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from pipelines.failures import Refused
from pipelines.spark.engine import read_engine
from pipelines.warehouse.dbt_build import transform
from pipelines.warehouse.dbt_run import Dbt
from pipelines.warehouse.dbt_variables import read_variables
from pipelines.warehouse.on_spark.build import build_models
from pipelines.warehouse.on_spark.views import read_relations
from tests.support.spark_cluster import SparkCluster

SCHEMAS = ("main", "staging", "intermediate")
OnStep = Callable[[int, int], None]


def make_candidate(first: Path, second: Path, copy: Path) -> Path:
    """Write the candidate of a second sync as it was before its build: the rows that it read, and
    the histories of the first one."""
    copy.parent.mkdir(parents=True)
    shutil.copyfile(second, copy)
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach '{first}' as earlier (read_only)")
        for table in read_relations(connection):
            if table.endswith("_history"):
                connection.execute(f"delete from {table}")
                connection.execute(f"insert into {table} from earlier.{table}")
    return copy


def on_spark(cluster: SparkCluster, store: Path) -> pytest.MonkeyPatch:
    """Return a context in which the models are built on this cluster."""
    store.mkdir(exist_ok=True)
    patch = pytest.MonkeyPatch()
    patch.setenv("TRANSFORM__ON", cluster.url)
    patch.setenv("TRANSFORM__STORE", str(store))
    return patch


def build_on_spark(
    cluster: SparkCluster, candidate: Path, home: Path, on_step: OnStep | None = None
) -> Path:
    """Build a copy of the candidate on Spark, and return the copy."""
    copy = _copy(candidate, home / "spark")
    patch = on_spark(cluster, home / "store")
    try:
        transform(copy, copy.parent, on_step=on_step)
    finally:
        patch.undo()
    return copy


def build_here(candidate: Path, home: Path) -> Path:
    copy = _copy(candidate, home / "here")
    transform(copy, copy.parent)
    return copy


def compare(here: Path, spark: Path) -> tuple[dict[str, list[Any]], int]:
    """Return the rows that only one of two files has, by table, and the number of rows.

    The time zone is one in which a time without a zone would show.
    """
    found: dict[str, list[Any]] = {}
    rows = 0
    with duckdb.connect(str(spark), read_only=True) as connection:
        connection.execute("set TimeZone = 'America/New_York'")
        connection.execute(f"attach '{here}' as here (read_only)")
        for table in read_relations(connection):
            if table.split(".")[0] in SCHEMAS:
                different = connection.execute(
                    f"(select 'here', * from (from here.{table} except all from {table}) limit 3)"
                    " union all"
                    f" (select 'spark', * from (from {table} except all from here.{table}) limit 3)"
                ).fetchall()
                found |= {table: different} if different else {}
                rows += connection.execute(f"select count(*) from {table}").fetchone()[0]
    return found, rows


class Untested(Dbt):
    """dbt that runs no data test: they would refuse most random payloads on both engines."""

    def run(self, verb: str, *arguments: Any, **more: Any) -> list[Any]:
        return [] if verb == "test" else super().run(verb, *arguments, **more)


def build_untested(cluster: SparkCluster, candidate: Path, home: Path) -> list[Path]:
    """Build copies of the candidate here and on Spark, without data tests. Return those that were
    built: the constraints of a table may refuse the rows."""
    here, spark = (_copy(candidate, home / name) for name in ("here", "spark"))
    built = []
    with suppress(Refused):
        _untested(here).run("run", here)
        built.append(here)
    patch = on_spark(cluster, home / "store")
    try:
        with suppress(Refused):
            build_models(read_engine(), spark, spark.parent, _untested(spark), None)
            built.append(spark)
    finally:
        patch.undo()
    return built


def _untested(candidate: Path) -> Untested:
    return Untested(candidate.parent / "dbt", candidate.name, read_variables())


def _copy(candidate: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Path(shutil.copy2(candidate, folder / candidate.name))


def make_hostile(candidate: Path, random: Random, share: float) -> int:
    """Change leaves in a share of the payloads as no vendor should; return how many rows."""
    changed = 0
    with duckdb.connect(str(candidate)) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns"
            " where table_schema like 'raw_%' and column_name = 'payload' order by all"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f"select rowid, payload from {table} order by 1").fetchall()
            for row, payload in rows:
                if random.random() < share:
                    document = json.loads(payload)
                    for _ in range(random.choice((1, 1, 2, 4))):
                        _change_leaf(document, random)
                    connection.execute(
                        f"update {table} set payload = ? where rowid = ?",
                        [json.dumps(document, ensure_ascii=random.random() < 0.5), row],
                    )
                    changed += 1
    return changed


def _change_leaf(document: Any, random: Random) -> None:
    places = [*_list_leaves(document)]
    if not places:
        return
    holder, key = random.choice(places)
    value = holder[key]
    if random.random() < 0.15:
        del holder[key]
    elif isinstance(value, bool):
        holder[key] = random.choice(("true", "TRUE", "False", "yes", 1, 0, None, not value))
    elif isinstance(value, int | float):
        holder[key] = random.choice((str(value), value + 0.5, -value, None, True, f" {value}"))
    elif isinstance(value, str):
        spellings = (
            unicodedata.normalize("NFD", f"É{value}é"),
            f"\u00a0{value}\u3000",
            f"{value}\t",
            f"İ{value}ß",
            value.upper(),
            value[:-1],
        )
        holder[key] = random.choice((*spellings, "", "null", 7, None, [value], True))
    else:
        holder[key] = random.choice(("", 0, [], {}))


def _list_leaves(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(items):
        if isinstance(part, dict | list) and part:
            yield from _list_leaves(part)
        else:
            yield value, key
