"""A warehouse that an older version has published stays usable.

Each `<what>_<commit>.duckdb.xz` was published by the code of that commit, and is compressed with
`xz -9`. `demo` is made by `python -m tests.sandbox demo` in a checkout of the commit.
`open_campaign` is made by the tests' `first_sync`, a campaign `q4` as in the fixture `sent`, and
`rollcall review open q4`. Its folder has files that the same commit sent to two reviewers, with
REVIEW__SEAL_KEY as below.
"""

from __future__ import annotations

import csv
import json
import lzma
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import __version__
from pipelines.warehouse import version
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform
from tests.sandbox import Sandbox
from tests.sandbox.quarter import answer
from tests.support.filled_in import came, decided
from tests.support.product import Published, Rollcall, first_sync, make_once
from tests.sync.test_sync import assert_published_is_true

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("*.duckdb.xz"))
[OLDER] = [path for path in FIXTURES if path.name.startswith("open_campaign")]
SWEEP = [
    pytest.param(path, id=path.name.split(".")[0], marks=[pytest.mark.long][: path != OLDER])
    for path in FIXTURES
]
SENT = OLDER.with_name(OLDER.name.split(".")[0])
SEAL_KEY = "0123456789abcdef"
FROZEN = (
    *("review_campaigns", "review_items", "review_exclusions", "review_findings"),
    *("review_ledger", "review_packets"),
)
HISTORIES = tuple(
    f"{name}_history" for name in ("people", "accounts", "entitlements", "grants", "findings")
)
MODELS = "select table_name from duckdb_tables() where schema_name in ('staging', 'intermediate')"


@pytest.fixture
def older(rollcall: Rollcall) -> Rollcall:
    return put_in_place(rollcall, OLDER)


@pytest.fixture
def synced(
    rollcall: Rollcall, published: Published, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Rollcall]:
    """Return a function that puts the warehouse of a fixture in place after one sync."""

    def sync_once(fixture: Path) -> Rollcall:
        def make(home: Path) -> Published:
            with Sandbox() as sandbox:
                warehouse = home / "access.duckdb"
                older = replace(rollcall, sandbox=sandbox, warehouse=warehouse, environment={})
                put_in_place(older, fixture)
                return first_sync(home, sandbox, another=published, **older.environment)

        return rollcall.has(make_once(tmp_path_factory, fixture.name, make))

    return sync_once


def put_in_place(rollcall: Rollcall, fixture: Path) -> Rollcall:
    """Put the warehouse of a fixture where a sync publishes, and return Rollcall."""
    if fixture != OLDER:  # the demo names the tenant, which is part of what a warehouse is of
        tenant = rollcall.sandbox.company.haloitsm.tenant
        rollcall.environment["SOURCES__HALOITSM__TENANT"] = tenant
    rollcall.environment["MAX_AGE_HOURS"] = "876000"  # a fixture was read long ago
    rollcall.warehouse.parent.mkdir(mode=0o700, exist_ok=True)
    rollcall.warehouse.write_bytes(lzma.decompress(fixture.read_bytes()))
    rollcall.warehouse.chmod(0o400)
    return rollcall


def content(rollcall: Rollcall, *tables: str) -> dict[str, list[dict[str, Any]]]:
    return {table: rollcall.rows(f"from {table} order by all") for table in tables}


def test_what_an_older_version_published_can_be_read(older):
    """Status, export and report work without a sync before them."""
    status = older.run("status", "--json")
    assert (0, 3) == (status.code, len(status.document["sources"]))
    export = older.run("export", "--json")
    assert 0 == export.code, export.err
    assert 0 == older.run("report", "--out", "report.html").code
    assert "<html" in (older.home / "report.html").read_text(encoding="utf-8")
    assert 0 == older.run("review", "status", "q4").code


@pytest.mark.parametrize("fixture", SWEEP)
@pytest.mark.long
def test_no_command_fails_over_an_older_warehouse(rollcall, synced, fixture):
    """Each command reads a warehouse of any age, or names `rollcall sync`; after that, it works."""
    older = put_in_place(rollcall, fixture)
    commands = [("status",), ("export",), ("report", "--out", "x.html"), ("review", "list")]
    for command in (*commands, ("check", "charthop")):
        result = older.run(*command)
        assert result.code in (0, 2), (command, result.err)
        assert 0 == result.code or "next: run `rollcall sync`" in result.err, result.err

    older.warehouse.unlink()
    synced(fixture)

    for command in (*commands, ("plan",)):
        result = older.run(*command)
        assert 0 == result.code, (command, result.err)
    assert_published_is_true(older)


@pytest.mark.parametrize("fixture", SWEEP)
def test_a_sync_carries_an_older_warehouse_over(rollcall, synced, fixture):
    """A sync keeps histories and frozen reviews, and removes the tables of former models."""
    older = put_in_place(rollcall, fixture)
    present = {*older.column("select table_name from duckdb_tables() where schema_name = 'main'")}
    frozen = content(older, *(table for table in FROZEN if table in present))
    histories = content(older, *(table for table in HISTORIES if table in present))

    older.warehouse.unlink()
    synced(fixture)

    models = set(older.column(MODELS))
    assert "int_wanted_changes" in models
    assert {"int_wishes", "int_accounts", "stg_pingone__users"}.isdisjoint(models)
    for table, rows in content(older, *frozen).items():  # a newer version may add columns
        known = frozen[table][0].keys() if frozen[table] else ()
        kept = [{name: row[name] for name in known} for row in rows]
        assert frozen[table] == kept, table
    for table, rows in histories.items():
        now = {row["history_id"]: row for row in older.rows(f"from {table}")}
        for row in rows:
            kept = {name: now[row["history_id"]][name] for name in row}  # columns may have come
            assert row == kept | {"valid_to": row["valid_to"]}, table
            assert row["valid_to"] in (None, kept["valid_to"]), table


def test_a_history_learns_new_columns_without_new_versions(synced):
    """The open versions of an older file get what it lacks, and no person changes by that."""
    older = synced(OLDER)
    known = older.rows("from people_history where valid_to is null order by all")
    assert all(row["family_name"] and row["hr_groups"] is not None for row in known)

    older.sync("charthop")

    assert known == older.rows("from people_history where valid_to is null order by all")


def test_an_open_campaign_is_carried_over(older, synced):
    """A campaign of an older version is open after a sync, with the same progress."""
    campaign = older.run("review", "status", "q4", "--json").document

    older.warehouse.unlink()
    synced(OLDER)

    assert campaign == older.run("review", "status", "q4", "--json").document


def test_answers_to_an_older_campaign_are_taken_in(older):
    """Files that an older version sent out come back as CSV and XLSX; an edited row is rejected."""
    [sent] = SENT.glob("*.csv")
    with sent.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    edited = [rows[0] | {"Access": "VPN"}, *rows[1:]]
    key = {"REVIEW__SEAL_KEY": SEAL_KEY}
    refused = older.run("review", "import", "q4", came(older.home, decided(edited), "0.csv"), **key)
    assert (5, []) == (refused.code, older.rows("from review_decisions")), refused.err

    made = answer(SENT, older.home / "answers")
    [workbook] = map(str, (older.home / "answers").glob("*.xlsx"))
    files = [came(older.home, decided(rows), "1.csv"), workbook]
    result = older.run("review", "import", "q4", *files, **key)

    assert 0 == result.code, result.err
    found = older.rows("select decision, count(*) as items from review_decisions group by all")
    expected = made + Counter(keep=len(rows))
    assert expected == {row["decision"]: row["items"] for row in found}


@pytest.mark.long
def test_an_older_campaign_ends_with_a_packet(older):
    """A campaign of an older version is closed; its packet says what that version did not note."""
    [sent] = SENT.glob("*.csv")
    with sent.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    key = {"REVIEW__SEAL_KEY": SEAL_KEY}
    came_back = came(older.home, decided(rows), "1.csv")
    assert 0 == older.run("review", "import", "q4", came_back, **key).code

    closed = older.run("review", "close", "q4", "--undecided", "--json", **key)

    assert 0 == closed.code, closed.err
    folder = older.home / closed.document["folder"]
    assert not (folder / "population.sql").exists()
    about = json.loads((folder / "manifest.json").read_text())
    assert {"rollcall"} == {*about["code"]["opened"]} and about["code"]["closed"]["code_sha256"]
    assert (1, []) == (about["returned"]["kept"], about["returned"]["missing"])
    assert "person" in {one["kind"] for one in about["reviewers"]}
    assert 0 == older.run("review", "verify", str(folder)).code


@pytest.mark.long
def test_decisions_are_built_again_without_a_sync_in_between(older, monkeypatch):
    """Opening and closing a campaign build every model that they need, without a sync."""
    copy = older.home / "copy" / older.warehouse.name
    copy.parent.mkdir()
    copy.write_bytes(older.warehouse.read_bytes())
    monkeypatch.setenv("REVIEW__FOLDER", str(older.home))

    transform(copy, older.home, DECISION_MODELS)

    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute(f"attach '{older.warehouse}' as older (read_only)")
        models = {name for (name,) in connection.execute(MODELS).fetchall()}
        assert "int_wanted_changes" in models
        for table in (*HISTORIES, "people", "accounts", "entitlements", "grants", "findings"):
            columns = connection.execute(f"describe older.{table}").fetchall()
            names = ", ".join(name for name, *_ in columns)  # a newer version may add columns
            assert (0,) == connection.execute(
                f"select count(*) from (select {names} from older.{table}"
                f" except all select {names} from main.{table})"
            ).fetchone(), table


@pytest.mark.long
def test_a_column_that_an_earlier_version_lacks_is_built(rollcall, published):
    """A plan's results are published in a warehouse whose models lacked a column then."""
    copy = rollcall.home / "copy" / "access.duckdb"
    copy.parent.mkdir()
    copy.write_bytes(published.data)
    amend = (
        "alter table staging.stg_okta__profile_fields drop column definition",
        "update built.version set models = 'those of an earlier version'",
    )
    with duckdb.connect(str(copy)) as connection:
        for statement in amend:
            connection.execute(statement)

    transform(copy, rollcall.home, DECISION_MODELS)

    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute("select definition from staging.stg_okta__profile_fields")
        assert [] != connection.execute("from access_review limit 1").fetchall()


def amended(rollcall: Rollcall, *statements: str) -> None:
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)
    rollcall.warehouse.chmod(0o400)


@pytest.mark.parametrize(
    "missing", ["alter table runs drop column accepted", "drop table dangling_grants"]
)
def test_what_an_older_file_lacks_is_told_as_its_age(older, missing):
    """A command that needs more than an older warehouse has names `rollcall sync`, and no bug."""
    amended(older, missing)

    status = older.run("status")

    assert (2, True) == (status.code, "next: run `rollcall sync`" in status.err), status.err
    assert "an earlier Rollcall built it" in status.err


@pytest.mark.parametrize(
    "verb", [("status",), ("sync",), ("export",), ("review", "list"), ("plan",)], ids=" ".join
)
def test_a_newer_file_names_the_version_that_it_needs(older, verb):
    """After a downgrade every command names the Rollcall that the warehouse needs."""
    older.warehouse.chmod(0o600)
    version.record_version(older.warehouse)
    amended(older, "update built.version set version = version + 1, rollcall = '9.8.7'")
    before = older.warehouse.read_bytes()

    ended = older.run(*verb)

    assert (2, True) == (ended.code, "needs Rollcall 9.8.7 or newer" in ended.err), ended.err
    assert before == older.warehouse.read_bytes()


def test_a_sync_notes_who_built_the_file(rollcall, published):
    """A sync records the version of the schema, of Rollcall and of the models."""
    rollcall.has(published)

    [row] = rollcall.rows("from built.version")
    assert (version.SCHEMA_VERSION, __version__) == (row["version"], row["rollcall"])
    amended(rollcall, "drop table dangling_grants")
    assert 1 == rollcall.run("status").code, "of the same models, this is a bug"
