"""The dbt project, tested with dbt: rules as unit tests, and a description for everything."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner

from pipelines.sources.writer import ACTIONS
from pipelines.warehouse import PROJECT_FOLDER, dbt_build, dbt_run, version
from tests.support.product import Rollcall, partial_parse_path

MAY_BE_UNKNOWN = {"is_privileged", "is_read_only", "is_enabled", "is_disabled", "is_api_agent"}
ODD = ("stg_charthop__entitlements", "is_rule_managed")  # a group of an unknown type
TABLES = ("people", "accounts", "entitlements", "grants", "access_review", "dangling_grants")


@pytest.fixture
def candidate(published, tmp_path) -> Path:
    """Return a copy of a published warehouse, which dbt may write to."""
    return published.copy_for_dbt(tmp_path)


@pytest.fixture
def built(rollcall: Rollcall, published) -> Rollcall:
    """Return a company whose warehouse is published."""
    rollcall.has(published)
    return rollcall


def dbt(*arguments: str, candidate: Path):
    """Run dbt on this copy, in the folder where it left the parsed project."""
    folder = partial_parse_path(candidate).parent
    folders = ("--project-dir", PROJECT_FOLDER, "--profiles-dir", PROJECT_FOLDER)
    quiet = ("--log-level", "none", "--log-level-file", "none")
    parsed = dbt_run.Dbt(folder, candidate.name, {}).manifest.deepcopy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROLLCALL_CANDIDATE", str(candidate))
        result = dbtRunner(parsed).invoke(
            [*arguments, *map(str, folders), "--target-path", str(folder), *quiet]
        )
    dbt_run.close_connections()
    return result


def test_no_variable_decides_how_a_model_is_parsed():
    """A build parses the project once for all settings, so only the SQL of a model may read one."""
    for path in PROJECT_FOLDER.glob("m*/**/*.*"):
        text = path.read_text(encoding="utf-8") if path.suffix in (".sql", ".yml") else ""
        assert not re.search(r"\b(config|ref|source)\([^)]*\bvar\(", text), path
        assert path.suffix == ".sql" or "var(" not in text, path


def test_every_rule_holds_by_its_own_unit_test(candidate):
    """Every dbt unit test passes."""
    result = dbt("test", "--select", "test_type:unit", candidate=candidate)

    tests = [run for run in result.result if run.node.resource_type == "unit_test"]
    assert [] == [f"{run.node.name}: {run.message}" for run in tests if run.status != "pass"]
    assert len(tests) >= 20


def test_models_and_writers_agree_on_what_undoes_what():
    """The inverse of each action in dbt_project.yml is that of the table of actions."""
    project = yaml.safe_load((PROJECT_FOLDER / "dbt_project.yml").read_text(encoding="utf-8"))

    expected = {action.name: action.inverse for action in ACTIONS if action.inverse}
    assert expected == project["vars"]["inverse_actions"]


@pytest.mark.parametrize(
    "groups, why",
    [
        ({"id": "00g1"}, "`roleAssignments[*].targets.groups` is no list"),
        pytest.param(
            ["00g1"],
            "`roleAssignments[*].targets.groups` is no list of objects",
            marks=pytest.mark.long,
        ),
        pytest.param(
            [{"id": {}}],
            "`roleAssignments[*].targets.groups[*].id` is no id",
            marks=pytest.mark.long,
        ),
    ],
    ids=["no list", "no objects", "no id"],
)
def test_a_list_in_a_list_is_checked_too(candidate, groups, why):
    """A list in the objects of another list fails the build where staging would read nothing."""
    fine = {"type": "USER_ADMIN", "targets": {"groups": [{"id": "00g1"}]}}
    odd = {"type": "USER_ADMIN", "targets": {"groups": groups}}
    row = json.dumps({"roleAssignments": [fine, odd]})
    with duckdb.connect(str(candidate)) as copy:
        table = "raw_okta.user_role_assignments (id, row_hash, payload)"
        copy.execute(f"insert into {table} values ('ada', '', $row)", {"row": row})

    result = dbt("test", "--select", "source:okta", candidate=candidate)

    assert any(f"user_role_assignments ada: {why}" in run.message for run in result.result)


def test_sql_trims_what_python_strips():
    """SQL trims exactly the blanks that Python strips."""
    macros = (PROJECT_FOLDER / "macros" / "text.sql").read_text(encoding="utf-8")
    macro = macros.split("macro trimmed")[1].split("endmacro")[0]
    trimmed = {*"".join(re.findall('"(.*)"', macro)).encode().decode("unicode_escape")}

    assert trimmed == {chr(code) for code in range(sys.maxunicode) if not chr(code).strip()}


def test_every_truth_value_of_staging_is_tested(built):
    """Every boolean of staging has a dbt test against null, unless it may be unknown."""
    tested = set()
    for path in (PROJECT_FOLDER / "models" / "staging").rglob("_*__models.yml"):
        for model in yaml.safe_load(path.read_text())["models"]:
            for test in model.get("data_tests", ()):
                columns = test["truth_is_known"]["arguments"]["columns"]
                tested |= {(model["name"], column) for column in columns}
    sql = (
        "select table_name, column_name from duckdb_columns()"
        " where schema_name = 'staging' and column_name like 'is\\_%' escape '\\'"
    )
    found = {(row["table_name"], row["column_name"]) for row in built.rows(sql)}

    assert tested == {pair for pair in found if pair[1] not in MAY_BE_UNKNOWN and pair != ODD}


def test_every_published_table_and_column_has_a_description(built):
    """Every published table and column has a description."""
    rows = built.rows(
        "select table_name, column_name, comment from duckdb_columns()"
        " where schema_name in ('main', 'policy') and not internal"
        " union all"
        " select table_name, '', comment from duckdb_tables()"
        " where schema_name in ('main', 'policy')"
        " union all"
        " select view_name, '', comment from duckdb_views()"
        " where schema_name = 'main' and not internal"
    )

    assert {*TABLES, "runs", "run_resources", "grants_history", "separation_rules"} <= {
        row["table_name"] for row in rows
    }
    assert [] == [row for row in rows if not (row["comment"] or "").strip()]


def test_the_same_world_twice_changes_no_row(built):
    """Reading the same data twice changes no row, and opens no version in a history."""

    def versions():
        return {
            table: built.rows(f"from {table}_history order by all")
            for table in ("people", "accounts", "entitlements", "grants")
        }

    def current():
        return {
            table: built.rows(f"select * exclude (last_seen_at) from {table} order by all")
            for table in ("people", "accounts", "entitlements", "grants")
        }

    before = versions(), current()
    built.sync()

    assert before == (versions(), current())


def test_dbt_runs_without_the_network_and_without_telemetry():
    """dbt needs no network and sends no telemetry."""
    text = (PROJECT_FOLDER / "dbt_project.yml").read_text()

    assert "send_anonymous_usage_stats: false" in text
    assert not (PROJECT_FOLDER / "packages.yml").exists()
    assert os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def test_what_dbt_leaves_in_the_project_is_not_read(tmp_path, monkeypatch):
    """A `dbt build` by hand leaves a `target/` whose models-like folders are not read."""
    expected = version.digest_project()
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT_FOLDER, project)
    left = project / "target" / "compiled" / "rollcall" / "models" / "marts" / "_marts.yml"
    left.mkdir(parents=True)
    (left / "accounts.sql").write_text("select 1", encoding="utf-8")
    monkeypatch.setattr(version, "PROJECT_FOLDER", project)
    version.digest_project.cache_clear()

    assert expected == version.digest_project()


def test_dbt_by_hand_never_opens_the_published_file(tmp_path, monkeypatch):
    """Without ROLLCALL_CANDIDATE dbt creates a file of its own, whatever WAREHOUSE says."""
    project, warehouse = tmp_path / "dbt_project", tmp_path / "data" / "access.duckdb"
    shutil.copytree(PROJECT_FOLDER, project)
    warehouse.parent.mkdir()
    monkeypatch.delenv("ROLLCALL_CANDIDATE", raising=False)
    monkeypatch.setenv("WAREHOUSE", str(warehouse))
    monkeypatch.chdir(project)

    assert dbtRunner().invoke(["show", "--inline", "select 1", "--quiet"]).success

    assert [] == [*warehouse.parent.iterdir()]
    assert (project / "development.duckdb").exists()


@pytest.mark.long
def test_a_build_that_lacks_memory_gets_more(rollcall, monkeypatch):
    """A build begins with little memory; if that is not enough, it begins again with more."""
    monkeypatch.setattr(dbt_build, "MEMORY_PER_THREAD", 4 * 2**20)
    monkeypatch.setattr(dbt_build, "MEMORY_PER_RAW_BYTE", 0)
    limits = []
    monkeypatch.setattr(dbt_run, "close_connections", _note_limits(limits))

    rollcall.sync()

    little, *more = dict.fromkeys(limits)
    assert little.endswith("MiB") and len(more) == 1
    assert rollcall.rows("from grants")


def _note_limits(limits):
    """Return a function that closes the connections, and notes which memory the build had."""
    close = dbt_run.close_connections

    def note() -> None:
        limits.append(os.environ["ROLLCALL_MEMORY"])
        close()

    return note
