"""A field that a credential no longer sees is not a fact about people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.sources.raw_rows import wrap_rows
from pipelines.sql import create_tables
from pipelines.sync import guard
from pipelines.sync.changed_statuses import find_changed_statuses
from pipelines.sync.shrink_limits import ShrinkLimits
from pipelines.sync.vanished_fields import find_vanished_fields
from pipelines.warehouse.change_tables import APPLIED
from tests.sandbox.company.parts import charthop_id
from tests.sandbox.server import Fault
from tests.support.faults import then
from tests.support.product import Rollcall
from tests.sync.test_guard import arguments, cure_of

THIS_RUN = "to_timestamp(2)"

NORA, OLU, KARLA = (f"charthop:person:{charthop_id('person', number)}" for number in (2, 17, 29))


def employment(rollcall: Rollcall) -> dict[str, str]:
    rows = rollcall.rows("from people")
    return {row["person_id"]: row["employment_status"] for row in rows}


def test_a_hidden_end_date_does_not_make_leavers_active(rollcall, published):
    """A field that vanishes from all rows is refused; accepted, it makes nobody active."""
    company = rollcall.has(published).sandbox.company
    company.charthop.switches.unreadable_fields = {"endDateOrg"}
    company.touch()
    before = employment(rollcall)

    result = rollcall.run("sync", "charthop")

    assert 5 == result.code and "charthop.persons.endDateOrg:3->0" in result.err
    assert "end date" in result.err, "the right that shows it"
    assert before == employment(rollcall) and "leaver" == before[NORA]

    assert 0 == rollcall.run(*arguments(cure_of(result)), "charthop").code
    assert ("unknown", "unknown") == (employment(rollcall)[NORA], employment(rollcall)[OLU])
    record = rollcall.column(f"select status from accounts where account_id = '{NORA}'")
    assert ["unknown"] == record
    assert "none of" in rollcall.run("check", "charthop").out


@pytest.mark.long
def test_a_first_read_names_what_it_lacks(rollcall):
    """A first sync warns of needed fields that no row has, and of grants of unknown things."""
    company = rollcall.sandbox.company
    company.charthop.switches.unreadable_fields = {"endDateOrg", "contact.workEmail"}
    company.touch()
    no_groups = then(lambda body: {"data": []})
    rollcall.sandbox.charthop.faults = [
        Fault(lambda request: request.path.endswith("/group"), no_groups, times=99)
    ]

    result = rollcall.sync("charthop")

    assert "rows has endDateOrg; give the credential read access to the start date" in result.err
    assert (
        "rows has contact.workEmail (no account finds its person by mail address); give"
        in result.err
    )
    assert "grants name an account or entitlement that was not read" in result.err
    statuses = employment(rollcall)
    assert ("unknown", "active") == (statuses[NORA], statuses[KARLA])
    found = rollcall.run("check", "charthop", "--json").document["findings"]
    [persons] = [one for one in found if one["what"] == "persons"]
    assert "warn" == persons["verdict"] and "endDateOrg" in persons["why"]
    assert "end date" in persons["next"]


@pytest.mark.long
def test_an_announced_return_does_not_end_a_departure(rollcall, published):
    """A leaver with an announced employment is a leaver until that employment begins."""
    company = rollcall.has(published).sandbox.company
    nora = company.charthop.persons[charthop_id("person", 2)]
    nora["hires"].append({"jobId": nora["hires"][0]["jobId"], "startDate": "2099-05-01"})
    company.charthop.switches.shows_announced_start = True
    company.touch()

    rollcall.sync("charthop")

    [row] = rollcall.rows(f"from people where person_id = '{NORA}'")
    assert ("leaver", "2099-05-01", "2026-03-31") == (
        row["employment_status"],
        str(row["started_on"]),
        str(row["ended_on"]),
    )


@pytest.mark.long
def test_the_calendar_alone_changes_nothing_of_a_stale_source(rollcall, published):
    """While HR is stale, nobody becomes a leaver by the passing of days."""
    rollcall.has(published)
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        connection.execute(
            "update raw_charthop.persons set payload = replace(payload::varchar, '2099-12-31',"
            " (current_date - 1)::varchar)::json"
        )
        connection.execute("update runs set started_at = started_at - interval 3 days")
    rollcall.warehouse.chmod(0o400)
    rollcall.sandbox.company.charthop.switches.forbidden = {"person"}

    assert 3 == rollcall.run("sync", "charthop", "haloitsm").code
    assert "active" == employment(rollcall)[KARLA]


Rows = dict[str, dict[str, Any]]


def two_reads(home: Path, *reads: Rows) -> tuple[Path, Path]:
    """Return two warehouses with these persons of ChartHop: the published one, and a new read."""
    home.mkdir(exist_ok=True)
    paths = home / "published.duckdb", home / "candidate.duckdb"
    for path, read in zip(paths, reads, strict=True):
        with duckdb.connect(str(path)) as connection:
            connection.register("read_rows", wrap_rows(read.items()))
            connection.execute("create schema raw_charthop")
            connection.execute(
                "create table raw_charthop.persons as"
                " select * replace (payload::json as payload) from read_rows"
            )
    return paths


@pytest.mark.parametrize(
    ("earlier", "later", "vanished"),
    [
        ({"a": {"x": 1}}, {"a": {"x": None}}, {"x": 1}),
        ({"a": {"x": 1}}, {"a": {"x": ""}}, {"x": 1}),
        ({"a": {"x": False}}, {"a": {}}, {"x": 1}),
        ({"a": {"x": 1}, "b": {"x": 2}}, {"b": {}}, {"x": 1}),
        ({"a": {"x": 1}, "b": {}}, {"b": {}}, {}),  # it left together with its row
        ({"a": {"x": None}}, {"a": {}}, {}),
        ({"a": {"x": 1}}, {"a": {}, "c": {"x": 2}}, {}),
        ({"a": {"contact.workEmail": "m"}}, {"a": {"contact": {"workEmail": "m"}}}, {}),
        (
            {"a": {"contact": {"workEmail": "m"}}},
            {"a": {"contact": {"x": 1}}},
            {"contact.workEmail": 1},
        ),
    ],
    ids=str,
)
def test_a_field_vanishes_where_its_rows_stay(tmp_path, earlier, later, vanished):
    """A field has vanished if its rows still exist and no row has the field now."""
    published, candidate = two_reads(tmp_path, earlier, later)
    with duckdb.connect(str(candidate)) as connection:
        found = [*find_vanished_fields(connection, published, ["charthop"])]

    assert vanished == {field.name: field.rows for field in found if field.name in vanished} and (
        vanished or not found
    )


@pytest.mark.parametrize(
    ("field", "rows", "is_refused"),
    [("title", 5, False), ("title", 6, True), ("endDateOrg", 1, True)],
)
def test_few_rows_that_lose_a_field_are_a_warning(tmp_path, field, rows, is_refused):
    """A field of few rows may vanish with a warning, unless a status depends on it."""
    earlier = {str(key): {field: "2026-01-01"} for key in range(rows)}
    published, candidate = two_reads(tmp_path, earlier, {key: {} for key in earlier})
    warnings: list[tuple[str, str]] = []

    def warn(source: str, text: str) -> None:
        warnings.append((source, text))

    with duckdb.connect(str(candidate)) as connection:
        changes = guard.find_lost_fields(connection, published, ["charthop"], ShrinkLimits(), warn)

    change = f"charthop.persons.{field}:{rows}->0"
    assert ([change] if is_refused else []) == [*map(str, changes)]
    assert is_refused or [("charthop", True)] == [(warnings[0][0], change in warnings[0][1])]


@pytest.mark.parametrize(
    ("before", "after", "changed", "refused"),
    [
        ("leaver", "active", 2, None),
        ("leaver", "active", 5, None),
        ("leaver", "active", 6, "charthop.people.leaver:20->14"),
        ("leaver", "unknown", 6, "charthop.people.leaver:20->14"),
        ("active", "leaver", 20, None),
        ("active", "leaver", 21, "charthop.people.active:100->79"),
        ("active", "unknown", 21, None),  # the values that are missing are counted elsewhere
        ("future", "active", 90, None),
    ],
)
def test_statuses_that_change_in_numbers_are_refused(before, after, changed, refused):
    """Many leavers who become active again, or many who leave at once, are refused."""
    total = 20 if before == "leaver" else 100
    with duckdb.connect() as connection:
        create_tables(connection, [APPLIED])
        connection.execute(
            "create table people_history as"
            " select 'charthop' as source_name, i::varchar as person_id,"
            " to_timestamp(1) as valid_from,"
            f" if(i < {changed}, {THIS_RUN}, null) as valid_to, '{before}' as employment_status"
            f" from range({total}) as people (i) union all"
            f" select 'charthop', i, {THIS_RUN}, null, '{after}'"
            f" from range({changed}) as changed (i)"
        )
        found = find_changed_statuses(connection, "people", THIS_RUN, ShrinkLimits())
    assert ([refused] if refused else []) == [*map(str, found)]


def test_all_leavers_that_return_at_once_are_refused(tmp_path):
    """All of three leavers becoming active at once are refused."""
    with duckdb.connect() as connection:
        create_tables(connection, [APPLIED])
        connection.execute(
            "create table accounts_history as select 'haloitsm' as source_name,"
            " i::varchar as account_id, to_timestamp(s) as valid_from,"
            f" if(s = 1, {THIS_RUN}, null) as valid_to, if(s = 1, 'disabled', 'enabled') as status"
            " from range(3) as accounts (i), (values (1), (2)) as states (s)"
        )
        found = find_changed_statuses(connection, "accounts", THIS_RUN, ShrinkLimits())
    assert ["haloitsm.accounts.disabled:3->0"] == [*map(str, found)]
