"""The export of every account with its attributes, in the columns that ChartHop imports."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.export.test_export import exported, runs_as_formula
from tests.export.test_formats import changed
from tests.support.product import Rollcall
from tests.support.programs import restored

# docs.charthop.com, "Add new people to ChartHop"
TEMPLATE = ["Work Email", "First Name", "Last Name", "Job Title", "Start Date", "Manager"]
ACCOUNT = ["status", "id", "login", "employeeNumber"]


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    """Return Rollcall with a warehouse of the invented company."""
    return rollcall.has(published)


def read(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the header, and the rows by the id of their account."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = [*csv.reader(file, strict=True)]
    assert [] == [cell for line in lines for cell in line if runs_as_formula(cell)]
    header, *rows = [[restored(cell) for cell in line] for line in lines]
    by_id = {row[header.index("id")]: dict(zip(header, row, strict=True)) for row in rows}
    assert len(rows) == len(by_id)
    return header, by_id


def users_of(rollcall: Rollcall, source: str) -> tuple[list[str], dict[str, dict[str, str]]]:
    folder = exported(rollcall, "--format", "users", "--source", source)
    assert [f"users_{source}.csv", "manifest.json"] == sorted(
        (path.name for path in folder.iterdir()), reverse=True
    )
    header, rows = read(folder / f"users_{source}.csv")
    [file] = json.loads((folder / "manifest.json").read_text())["files"]
    assert (len(rows), header) == (file["rows"], file["columns"])
    published = rollcall.column(
        f"select source_account_id from accounts where source_name = '{source}'"
    )
    assert sorted(published) == sorted(rows)
    return header, rows


def only_okta(rollcall: Rollcall, **settings: str) -> Rollcall:
    """Return Rollcall with Okta as its only source."""
    kept = {
        name: value
        for name, value in rollcall.environment.items()
        if not name.startswith("SOURCES__") or name.startswith("SOURCES__OKTA__")
    }
    return replace(rollcall, environment=kept | settings)


def test_every_user_of_okta_is_exported(company):
    """Every user is there once, deactivated ones marked, with Okta's values and HR's dates."""
    header, rows = users_of(company, "okta")

    assert TEMPLATE + ACCOUNT == header[:10]
    assert sorted(header[10:]) == header[10:] and {"title", "firstName"} < {*header[10:]}
    started = {
        row["account_id"]: row["started_on"]
        for row in company.rows(
            "select account_id, started_on from accounts join people using (person_id)"
        )
    }
    for key, user in company.sandbox.company.okta.users.items():
        row, profile = rows[key], user["profile"]
        assert user["status"] == row["status"]
        for name, attribute in (
            ("Work Email", "email"),
            ("First Name", "firstName"),
            ("Last Name", "lastName"),
            ("login", "login"),
        ):
            assert profile[attribute].strip().lower() == row[name].lower()
        for name, attribute in (("Job Title", "title"), ("employeeNumber", "employeeNumber")):
            assert (profile.get(attribute) or row[name]) == row[name]
        day = started.get(f"okta:user:{key}")
        assert (f"{day.month}/{day.day}/{day.year}" if day else "") == row["Start Date"]
    assert {"DEPROVISIONED", "SUSPENDED", "STAGED"} < {row["status"] for row in rows.values()}


@pytest.mark.long
def test_okta_alone_is_exported_with_every_attribute(rollcall):
    """With Okta as the only source, every attribute is there, whatever its name and value."""
    okta = rollcall.sandbox.company.okta
    one, two = sorted(okta.users)[:2]
    odd: dict[str, Any] = {
        "manager": "Boss@Lanternfish.example",
        "badge": 7,
        "tags": ["a", "b,c"],
        "remote": True,
        "Status": "a name like one of ours",
        "costCenter": "one",
        "costcenter": "two",
        "=cmd": "=HYPERLINK(1)",
        'a "quote", a / and a ~': "odd",
    }
    okta.users[one]["profile"] |= odd
    okta.users[two]["profile"] |= {"manager": "00uNoAddress", "managerId": "chief@x.example"}
    okta.touch()
    alone = only_okta(rollcall, SOURCES__OKTA__PROFILE_FIELDS="*")
    alone.sync()

    header, rows = users_of(alone, "okta")

    assert "boss@lanternfish.example" == rows[one]["Manager"]
    assert "chief@x.example" == rows[two]["Manager"]
    assert {"7", "true", '["a","b,c"]'} == {rows[one][name] for name in ("badge", "remote", "tags")}
    for name in ("Status", "costCenter", "costcenter", "=cmd", 'a "quote", a / and a ~'):
        assert odd[name] == rows[one][name]
    assert "ACTIVE" == rows[one]["status"]
    assert {""} == {row["Start Date"] for row in rows.values()}
    assert not {"credentials", "_links"} & {*header}


def test_a_source_without_attributes_is_exported(company):
    """A source that has only accounts has the columns of the template, filled from HR."""
    for source in ("charthop", "haloitsm", "pingone"):
        header, rows = users_of(company, source)

        assert TEMPLATE + ACCOUNT == header
        people = company.rows(
            "select accounts.source_account_id, accounts.email, people.* from accounts"
            f" join people using (person_id) where accounts.source_name = '{source}'"
        )
        assert people
        for person in people:
            row = rows[person["source_account_id"]]
            assert (person["email"] or person["work_email"] or "") == row["Work Email"]
            for name, column in (
                ("First Name", "given_name"),
                ("Last Name", "family_name"),
                ("Job Title", "job_title"),
                ("Manager", "manager_email"),
            ):
                assert (person[column] or "") == row[name]


def test_one_source_is_exported_while_another_is_stale(company):
    """With --source, only that source has to be fresh; without it, every source has a file."""
    changed(
        company,
        (
            "insert into runs by name select * replace ('later' as run_id, 'failed' as status,"
            " started_at + interval 5 hours as started_at) from runs where source_name = $source",
            {"source": "charthop"},
        ),
    )

    _, rows = users_of(company, "okta")
    folder = exported(company, "--format", "users", "--allow-stale")

    assert rows
    assert {f"users_{one}.csv" for one in ("charthop", "haloitsm", "okta", "pingone")} == {
        path.name for path in folder.glob("*.csv")
    }
    assert 5 == company.run("export", "--format", "users", "--source", "charthop").code
    assert 5 == company.run("export", "--format", "users").code


def test_a_source_that_cannot_be_exported_is_told(company):
    """A source that nobody knows, or that was never read, ends the export with what there is."""
    changed(company, ("update runs set status = 'failed' where source_name = 'pingone'", {}))

    for source in ("otka", "pingone"):
        result = company.run("export", "--format", "users", "--source", source, "--allow-stale")
        assert 2 == result.code and "charthop, haloitsm, okta" in result.err
    assert 2 == company.run("export", "--source", "okta").code
    assert not (company.home / "data" / "exports").exists()


def test_users_of_an_older_warehouse_are_exported(company):
    """A warehouse whose tables lack the newer columns is exported with what it has."""
    changed(
        company,
        ("alter table staging.stg_okta__profiles drop column given_name", {}),
        ("alter table staging.stg_okta__profiles drop column manager_email", {}),
    )

    _, rows = users_of(company, "okta")

    assert any(row["First Name"] for row in rows.values())
