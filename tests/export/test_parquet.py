"""`rollcall export --format parquet`: every table, for warehouses that are not DuckDB."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.product import Rollcall

# Types that Snowflake, BigQuery, Athena, Spark and pandas read alike
PORTABLE = {"string", "bool", "int32", "int64", "double", "date32[day]"} | {
    "timestamp[us, tz=UTC]",
    "list<element: string>",
}


@pytest.fixture
def exported(rollcall, published) -> tuple[Rollcall, Path]:
    return rollcall, rollcall.home / export(rollcall.has(published))["folder"]


def export(rollcall: Rollcall) -> dict:
    result = rollcall.run("export", "--format", "parquet", "--allow-stale", "--json")
    assert 0 == result.code, result.err
    return result.document


def test_every_table_is_a_file_with_the_same_rows(exported):
    """A reader of the files sees what a reader of the warehouse sees."""
    rollcall, folder = exported
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as warehouse:
        tables = warehouse.execute(
            "select table_name from information_schema.tables where table_schema = 'main'"
        )
        names = {name for (name,) in tables.fetchall()}
        assert names == {path.stem for path in folder.glob("*.parquet")}
        for name in names:
            file = f"read_parquet('{folder / name}.parquet')"
            for one, other in ((f"main.{name}", file), (file, f"main.{name}")):
                sql = f"select count(*) from (from {one} except all from {other})"
                assert (0,) == warehouse.execute(sql).fetchone(), name


def test_types_and_descriptions_are_for_every_reader(exported):
    """Each column has a type that all readers know, and its description in the file."""
    _, folder = exported
    manifest = json.loads((folder / "manifest.json").read_text())

    for file in manifest["files"]:
        schema = pq.read_schema(folder / file["name"])
        assert {str(field.type) for field in schema} <= PORTABLE, file["name"]
        about = json.loads(schema.metadata[b"rollcall"])
        assert about["description"] == file["description"] != ""
        assert [field.name for field in schema] == [one["name"] for one in file["columns"]]
        assert all(about["columns"][one["name"]] for one in file["columns"])


def test_the_same_warehouse_gives_the_same_bytes(exported):
    """Two exports have the same digests, also of a table with several groups of rows."""
    rollcall, _ = exported
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as warehouse:
        warehouse.execute(
            "create table main.many as"
            " select i, md5(i::varchar) as text from range(400000) as numbers(i)"
        )
        warehouse.execute("comment on table main.many is 'Many rows.'")

    first, second = (export(rollcall) for _ in range(2))

    digests = [{one["name"]: one["sha256"] for one in run["files"]} for run in (first, second)]
    assert digests[0] == digests[1]
    file = pq.ParquetFile(rollcall.home / first["folder"] / "many.parquet")
    assert 1 < file.metadata.num_row_groups
    assert 400_000 == file.metadata.num_rows


def test_one_source_alone_is_refused(rollcall, published):
    """The tables are about all sources."""
    result = rollcall.has(published).run("export", "--format", "parquet", "--source", "okta")

    assert 2 == result.code
    assert "the format parquet is about all sources" in result.err
