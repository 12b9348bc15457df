"""Results of policy and decisions are built again when these have changed, and only then."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.sql import has_table
from pipelines.warehouse import PROJECT_FOLDER, dbt_unchanged, push_tables
from pipelines.warehouse.dbt_build import dbt_variables
from tests.write_back.test_changes import POLICY, Company, group, user

OLDER_TABLE = """
create schema push;
create table push.wanted_fields (
    target varchar, field varchar, person_id varchar, wanted_value json
);
insert into push.wanted_fields values
    ('okta', 'title', 'p', '"CEO"'), ('okta', 'floor', 'p', null), ('okta', 'floor', 'q', '7');
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory, published):
    made = Company(tmp_path_factory.mktemp("built"), published.data)
    made.campaign("q2", {f"{user(15)}/{group(5)}": "revoke"})
    with pytest.MonkeyPatch.context() as patch:
        made.build(patch)
        made.rows("insert into push.wanted_profiles values ('okta', 'p', '{\"title\": \"CEO\"}')")
        yield made.build(patch)


def policy(company: Company, patch: pytest.MonkeyPatch) -> None:
    (company.home / "reviews" / "policy.toml").write_text(POLICY)


def setting(company: Company, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REVIEW__DORMANT_AFTER_DAYS", "7")


def decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.campaign("q3", {f"{user(15)}/{group(5)}": "revoke"})


def changed_decision(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update review_decisions set is_current = false")


def run(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows("update runs set accepted = 'by somebody' where source_name = 'charthop'")


def mart(company: Company, patch: pytest.MonkeyPatch) -> None:
    company.rows(
        "insert into people by name select * replace ('charthop:person:x' as person_id)"
        " from people limit 1"
    )


def wanted_value(company: Company, patch: pytest.MonkeyPatch) -> None:
    """Change one title that a push rule wants: the number of rows stays."""
    company.rows('update push.wanted_profiles set profile = \'{"title": "CTO"}\'')


CHANGES = (setting, decision, changed_decision, run, mart, wanted_value)


def test_it_is_built_again_when_what_it_depends_on_has_changed(company, monkeypatch):
    """A change leads to a new build; without a change nothing is built."""

    def is_as_it_was() -> bool:
        company.build(monkeypatch)
        return bool(company.rows("from access_review where full_name = 'as it was'"))

    company.rows("update access_review set full_name = 'as it was'")
    assert is_as_it_was()

    policy(company, monkeypatch)
    assert not is_as_it_was()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_asks_for_a_build(company, monkeypatch, change):
    """Whatever the models with the tag `decisions` depend on asks for a build if it changes."""
    dbt_unchanged.record_build(company.file, dbt_variables())
    assert dbt_unchanged.is_current(company.file, dbt_variables())

    change(company, monkeypatch)

    assert not dbt_unchanged.is_current(company.file, dbt_variables())


def test_what_no_model_reads_asks_for_no_build(company, monkeypatch):
    """A push that changes nothing leaves a row and a head of the log, and no model has either."""
    dbt_unchanged.record_build(company.file, dbt_variables())
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

    assert dbt_unchanged.is_current(company.file, dbt_variables())
    models = "".join(path.read_text() for path in (PROJECT_FOLDER / "models").rglob("*.sql"))
    for name in dbt_unchanged.UNREAD_TABLES:
        assert f"'rollcall', '{name}'" not in models, name


def test_what_an_older_version_wanted_is_kept():
    """A wanted value of an older warehouse is no blank: the next push would clear it."""
    with duckdb.connect() as connection:
        connection.execute(OLDER_TABLE)
        push_tables.create_tables(connection)
        push_tables.create_tables(connection)

        found = connection.execute("from push.wanted_profiles order by all").fetchall()
        assert not has_table(connection, "wanted_fields", "push")

    profiles = [(target, who, json.loads(profile)) for target, who, profile in found]
    assert [("okta", "p", {"title": "CEO", "floor": None}), ("okta", "q", {"floor": 7})] == profiles


def test_write_settings_reach_the_models(monkeypatch):
    """A write setting that decides what an API may change is a variable of the models."""
    expected = {"rule_exclusions": False, "unassign_apps": False}
    assert {"okta": expected} == dbt_variables()["write_settings"]
    monkeypatch.setenv("PROVISION__OKTA__UNASSIGN_APPS", "True")
    assert {"okta": expected | {"unassign_apps": True}} == dbt_variables()["write_settings"]
