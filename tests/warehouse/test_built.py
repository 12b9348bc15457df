"""A model is built again when what it depends on has changed, and only then."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.failures import Refused
from pipelines.sql import create_tables, has_table
from pipelines.warehouse import change_tables, dbt_statements, push_tables
from pipelines.warehouse.dbt_build import DECISION_MODELS, PUSH_MODELS, transform
from pipelines.warehouse.dbt_unchanged import Contents
from pipelines.warehouse.dbt_variables import read_variables
from tests.write_back.test_changes import POLICY, Company, group, user

OLDER_TABLE = """
create schema push;
create table push.wanted_fields (
    target varchar, field varchar, person_id varchar, wanted_value json
);
insert into push.wanted_fields values
    ('okta', 'title', 'p', '"CEO"'), ('okta', 'floor', 'p', null), ('okta', 'floor', 'q', '7');
"""
# Two accounts, one of which is enabled: their hashes are alike where those of true and false differ
ALIKE = """
create table accounts as
with marks as (
    select
        format('okta:user:00u{}', number) as account_id,
        hash(account_id, true) as mark,
        mark & xor(mark, hash(account_id, false)) as alike
    from range(50000) as numbers(number)
)
select unnest(list(account_id)[:2]) as account_id, unnest([true, false]) as is_enabled
from marks group by alike having count(*) > 1 order by alike limit 2
"""
COLUMNS = ["account_id", "is_enabled"]
PLAIN_SUM = "select sum(hash(account_id, is_enabled)) from accounts"


@pytest.fixture(scope="module")
def company(tmp_path_factory, published):
    made = Company(tmp_path_factory.mktemp("built"), published.data)
    made.campaign("q2", {f"{user(15)}/{group(5)}": "revoke"})
    with pytest.MonkeyPatch.context() as patch:
        made.build(patch)
        made.rows("insert into push.wanted_profiles values ('okta', 'p', '{\"title\": \"CEO\"}')")
        yield made.build(patch)


def steps(company: Company, patch: pytest.MonkeyPatch) -> int:
    """Build, and return how many models and data tests that took."""
    begun: list[int] = []
    patch.setenv("REVIEW__FOLDER", str(company.home / "reviews"))
    transform(
        company.file,
        company.home,
        DECISION_MODELS,
        on_step=lambda number, number_of_steps: begun.append(number),
    )
    return len(begun)


def policy(company: Company, patch: pytest.MonkeyPatch) -> None:
    (company.home / "reviews" / "policy.toml").write_text(POLICY)


def setting(company: Company, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REVIEW__DORMANT_AFTER_DAYS", "7")


def decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.campaign("q3", {f"{user(15)}/{group(5)}": "revoke"})


def changed_decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update review_decisions set is_current = false")


def run(company: Company, patch: pytest.MonkeyPatch) -> None:
    """Let the last run have been later: the number of rows stays."""
    company.rows("update runs set started_at = started_at + interval 1 second")


def mart(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update people set job_title = 'Director'")


def result(company: Company, patch: pytest.MonkeyPatch) -> None:
    """Change what a build has made, as a build with other rules in between would."""
    company.rows("update findings set title = 'as it was'")


def wanted_value(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows('update push.wanted_profiles set profile = \'{"title": "CTO"}\'')


def column(company: Company, patch: pytest.MonkeyPatch) -> None:
    """Add a column to a table that a model reads whole."""
    company.rows("alter table review_campaigns add column another integer")


def raw_table(company: Company, patch: pytest.MonkeyPatch) -> None:
    """Add a table that a model could find while dbt compiles it."""
    company.rows("create table raw_pingone.another (id varchar)")


def models(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update built.version set models = 'those of an earlier version'")


CHANGES = (
    *(setting, decision, changed_decision, run, mart, result, wanted_value, policy),
    *(pytest.param(change, marks=pytest.mark.long) for change in (column, raw_table, models)),
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_asks_for_a_build(company, monkeypatch, change):
    """Whatever a model depends on asks for a build if it changes, and then no more."""
    steps(company, monkeypatch)
    assert 0 == steps(company, monkeypatch)

    change(company, monkeypatch)

    assert 0 < steps(company, monkeypatch)
    assert 0 == steps(company, monkeypatch)
    assert [] == company.rows("from findings where title = 'as it was'")


def test_what_no_model_reads_asks_for_no_build(company, monkeypatch):
    """A push that changes nothing leaves a row and a head of the log, and no model has either."""
    steps(company, monkeypatch)
    company.insert(
        "pushes",
        push_id="p",
        target="okta",
        begun_by="watch",
        rules_sha256="d",
        approved_by="kim",
        started_at=datetime.now(UTC),
    )
    company.insert("audit_heads", audit_head="h", records=1, noted_at=datetime.now(UTC))
    company.rows("update runs set accepted = 'by somebody'")

    assert 0 == steps(company, monkeypatch)
    kept = dbt_statements.read_statements(company.home / "dbt")
    reads = {table for step in kept.steps for table in step.reads}
    assert {"main.runs", "main.review_items"} <= reads
    assert reads.isdisjoint(f"main.{table.name}" for table in change_tables.UNREAD_TABLES)


@pytest.mark.parametrize(
    ("select", "exclude"),
    [
        (DECISION_MODELS, "completeness_ledger"),
        pytest.param(DECISION_MODELS, "", marks=pytest.mark.long),
        pytest.param("", PUSH_MODELS, marks=pytest.mark.long),
    ],
    ids=["without the ledger", "decisions", "without push"],
)
def test_what_dbt_selects_is_selected_without_dbt(tmp_path, published, select, exclude):
    """A build without dbt has the models and data tests of dbt's own build, and no others."""
    copy = tmp_path / "access.duckdb"
    copy.write_bytes(published.data)

    transform(copy, tmp_path, select, exclude)

    kept = dbt_statements.read_statements(tmp_path / "dbt")
    built = [step.name for step in kept.steps if step.statements]
    assert built == [step.name for step in kept.choose(select, exclude)] != []
    assert [] == kept.choose("", "")
    assert [] == kept.choose("people+", "")
    made: set[str] = set()
    for step in kept.steps:  # each after those whose tables it reads
        assert {*step.reads} & {one.table for one in kept.steps} <= made, step.name
        made.add(step.table)


READS = {
    "some columns of all": ("select a from (select * from main.t)", "a"),
    "a filter": ("select a from main.t where b > 1", "a b"),
    "twice": ("select a from main.t where exists (from main.t as u where u.b = t.a)", "a b"),
    "twice, and the other first": ("from (select b from main.t), (select a from main.t)", "a b"),
    "in a value": ("select (select max(c) from main.t) as most", "c"),
    "to be different": ("select a from (select distinct * from main.t)", "a b c"),
    "as a whole": ("select to_json(t) from main.t", "a b c"),
    "only counted": ("select count(*) from main.t", "a b c"),
    "through a view": ("select a from main.v", "a"),
    "through two views": ("select b from main.w", "b"),
    "through two views, for nothing": ("with x as (select b from main.w) select 1", "a b c"),
    "for nothing": ("with x as (select b from main.t) select 1", "a b c"),
    "again and again": (
        "with recursive x as (select a from main.t union select t.b from main.t join x using (a))"
        " select * from x",
        "a b",
    ),
}


@pytest.mark.parametrize(("query", "columns"), READS.values(), ids=READS)
def test_a_model_reads_no_more_than_its_plan_says(query, columns):
    """The columns that a query reads are known, and nothing less, whatever rows there are."""
    with duckdb.connect() as connection:
        connection.execute("create table t (a integer, b integer, c integer)")
        connection.execute("create table r as from t")
        connection.execute("create view v as from main.t; create view w as from main.v")
        shapes = dbt_statements.read_shapes(connection)
        for sql in (query, f"create table main.r as ({query})"):
            assert columns.split() == dbt_statements.find_reads(connection, [sql], shapes)["main.t"]


ODD = json.dumps({"roleAssignments": [{"type": "USER_ADMIN", "targets": {"groups": "00g1"}}]})
BROKEN = {  # rows that a data test counts or that make it fail, how they go again, and why
    "twice": (
        "insert into raw_charthop.persons from raw_charthop.persons limit 1",
        "delete from raw_charthop.persons"
        " where rowid = (select max(rowid) from raw_charthop.persons)",
        "Got 1 result",
    ),
    "no list": (
        f"insert into raw_okta.user_role_assignments values ('ada', null, null, '', '{ODD}')",
        "delete from raw_okta.user_role_assignments where id = 'ada'",
        "Runtime Error in test source_are_lists_okta",
    ),
}


@pytest.mark.parametrize(
    ("breaks", "repairs", "why"),
    [BROKEN["twice"], pytest.param(*BROKEN["no list"], marks=pytest.mark.long)],
    ids=["twice", "no list"],
)
def test_a_data_test_fails_without_dbt_as_well(tmp_path, published, breaks, repairs, why):
    """A data test that fails on new rows refuses them in dbt's words, and passes without them."""
    copy = tmp_path / "access.duckdb"
    copy.write_bytes(published.data)
    transform(copy, tmp_path)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(breaks)

    with pytest.raises(Refused) as refused:
        transform(copy, tmp_path)

    assert "transform: test" in refused.value.what and why in refused.value.why
    with duckdb.connect(str(copy)) as connection:
        connection.execute(repairs)
    transform(copy, tmp_path)
    begun: list[int] = []
    transform(copy, tmp_path, on_step=lambda number, number_of_steps: begun.append(number))
    assert [] == begun


def test_two_rows_that_swap_a_value_are_a_change():
    """The sum of DuckDB's hashes of rows stays the same for one such pair in millions."""
    with duckdb.connect() as connection:
        connection.execute(ALIKE)
        step = dbt_statements.Step("model", "", False, False, [], reads={"main.accounts": COLUMNS})
        statements = dbt_statements.Statements("", {}, [], [step])
        before = Contents(connection, statements, [step]).digest_step(step)
        sums = connection.execute(PLAIN_SUM).fetchall()

        connection.execute("update accounts set is_enabled = not is_enabled")

        assert sums == connection.execute(PLAIN_SUM).fetchall()
        assert before != Contents(connection, statements, [step]).digest_step(step)


def test_what_an_older_version_wanted_is_kept():
    """A wanted value of an older warehouse is no blank: the next push would clear it."""
    with duckdb.connect() as connection:
        connection.execute(OLDER_TABLE)
        for _ in range(2):
            create_tables(connection, push_tables.TABLES)
            push_tables.convert_older_tables(connection)

        found = connection.execute("from push.wanted_profiles order by all").fetchall()
        assert not has_table(connection, "wanted_fields", "push")

    profiles = [(target, who, json.loads(profile)) for target, who, profile in found]
    assert [("okta", "p", {"title": "CEO", "floor": None}), ("okta", "q", {"floor": 7})] == profiles


def test_write_settings_reach_the_models(monkeypatch):
    """A write setting that decides what an API may change is a variable of the models."""
    expected = {"rule_exclusions": False, "unassign_apps": False}
    assert {"okta": expected} == read_variables()["write_settings"]
    monkeypatch.setenv("PROVISION__OKTA__UNASSIGN_APPS", "True")
    assert {"okta": expected | {"unassign_apps": True}} == read_variables()["write_settings"]
