"""A published file whose models are views of files, as Spark leaves it: every command reads it, and
a build here makes tables of the views again."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.spark import store
from pipelines.warehouse import publish
from pipelines.warehouse.on_spark import views
from tests.support.all_built import differences
from tests.support.other_clock import date_newest_run
from tests.support.product import Rollcall
from tests.support.stored_views import store_models

MACROS = ("who_has_what()", "grants_asof(now())", "access_between('2020-01-01', now())")
VIEWS = {"main.access_review", "intermediate.int_recommendations"}  # also without Spark
CAMPAIGN = """
title = "Access review"
due = 2099-12-15
fallback = "security@lanternfish.example"
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a store."""
    (tmp_path / "the store").mkdir()
    return tmp_path / "the store"


@pytest.fixture
def viewing(rollcall, published, folder) -> Rollcall:
    """Return Rollcall whose published models are views of the store."""
    rollcall.has(published)
    store_models(rollcall.warehouse, folder)
    return rollcall


def list_kinds(rollcall: Rollcall) -> dict[str, str]:
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as connection:
        kinds = views.read_relations(connection)
    return {name: kind for name, kind in kinds.items() if name not in VIEWS}


def export(rollcall: Rollcall, out: Path, *flags: str) -> dict[str, bytes]:
    """Return the files of an export by their names."""
    result = rollcall.run("export", "--out", str(out), *flags)
    assert 0 == result.code, result.err
    return {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.long
@pytest.mark.parametrize("flags", [(), ("--format", "parquet")], ids=["csv", "parquet"])
def test_views_export_the_bytes_of_tables(rollcall, published, folder, tmp_path, flags):
    """An export of views has the bytes of an export of tables, also as Parquet with comments."""
    rollcall.has(published)
    tables = export(rollcall, tmp_path / "tables", *flags)
    store_models(rollcall.warehouse, folder)
    assert "view" == list_kinds(rollcall)["main.grants"]

    views = export(rollcall, tmp_path / "views", *flags)

    assert tables.keys() == views.keys() and len(tables) > 1
    assert [] == [name for name in tables if tables[name] != views[name]]


def test_commands_read_views(viewing, tmp_path):
    """Status, report and the macros of analysts read views as they read tables."""
    assert 0 == viewing.run("status").code
    assert 0 == viewing.run("report", "--out", str(tmp_path / "report.html")).code
    assert all(viewing.rows(f"from {call} limit 1") for call in MACROS)
    assert viewing.column("select comment from duckdb_columns() where column_name = 'grant_id'")


def test_a_missing_file_is_one_sentence(viewing, folder, tmp_path):
    """Without the store, or one file of it, a command says so: it does not tell of less access."""
    [generation] = folder.iterdir()
    (generation / "main" / "grants" / "part-1.parquet").rename(tmp_path / "gone")

    result = viewing.run("export", "--out", str(tmp_path / "export"))

    assert 6 == result.code, result.err
    assert "its tables are views of files that cannot be read here" in result.err
    assert "next: mount the folder TRANSFORM__STORE" in result.err
    assert "Traceback" not in result.err


@pytest.mark.long
def test_a_build_here_makes_tables_of_views(viewing, folder, tmp_path):
    """Without TRANSFORM__ON the next sync makes tables again, a history with every row it had, and
    then needs the store no more."""
    histories = [name for name in list_kinds(viewing) if name.endswith("_history")]
    before = {name: viewing.rows(f"from {name} order by all") for name in histories}

    viewing.sync()

    kinds = list_kinds(viewing)
    assert {"table"} == {*kinds.values()}
    assert before and before == {n: viewing.rows(f"from {n} order by all") for n in histories}
    assert {} == differences(viewing, tmp_path / "all")
    shutil.rmtree(folder)
    viewing.sync()
    assert export(viewing, tmp_path / "export")


@pytest.mark.long
def test_a_command_of_decisions_makes_tables_of_views(viewing, tmp_path):
    """A command that builds only what depends on decisions makes tables of all views as well."""
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "q4.toml").write_text(CAMPAIGN)

    result = viewing.run("review", "open", "q4", REVIEW__SEAL_KEY="0123456789abcdef")

    assert 0 == result.code, result.err
    assert {"table"} == {*list_kinds(viewing).values()}
    assert viewing.rows("from review_items")


@pytest.mark.long
def test_what_a_published_file_refers_to_stays(rollcall, published, folder):
    """A generation stays while the published file or the one before refers to it, and so does what
    another warehouse has made. A build that died leaves one that goes."""
    rollcall.has(published)
    home = rollcall.warehouse.parent / f".{rollcall.warehouse.name}.work"
    (folder / "another").mkdir()
    dead = store.begin_generation(folder, home)
    first = store_models(rollcall.warehouse, folder)
    assert not dead.exists() and (first / "main").exists()

    rollcall.sync()  # here: the file before has the views
    assert first.exists()
    rollcall.sync()

    assert ["another"] == [path.name for path in folder.iterdir()]
    assert "" == (home / store.LIST).read_text()


def test_the_refused_candidate_keeps_its_files(viewing, folder):
    """The files of a candidate that was refused stay as long as the candidate."""
    [generation] = folder.iterdir()
    refused = publish.refused_path(viewing.warehouse)
    refused.parent.mkdir()
    shutil.copyfile(viewing.warehouse, refused)
    for _ in range(2):
        with (
            publish.amend_published(viewing.warehouse) as workspace,
            duckdb.connect(str(workspace.copy)) as connection,
        ):
            views.restore_tables(connection)
            connection.close()

    assert generation.exists()
    publish.remove_refused(viewing.warehouse)
    with publish.amend_published(viewing.warehouse):
        pass
    assert not generation.exists()


@pytest.mark.long
def test_runs_of_the_future_are_dated_back_in_views(rollcall, published, folder):
    """Runs that a wrong clock dated get an earlier time also where a history is a view."""
    date_newest_run(rollcall.has(published), timedelta(days=3))
    store_models(rollcall.warehouse, folder)
    refused = rollcall.run("sync")
    assert 5 == refused.code
    [accepted] = re.findall(r"--accept '(clock:\S+)'", refused.err)

    rollcall.sync("--accept", accepted)

    newest = max(rollcall.column("select max(valid_from) from grants_history"))
    assert newest < datetime.now(UTC)
