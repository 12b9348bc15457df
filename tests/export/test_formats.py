"""The files for other products follow the products' rules, are complete, and run nothing.

The rules are written here independently, from the vendors' pages, without code of the export.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from pipelines.export.formats import FORMATS
from tests.export.test_export import exported, runs_as_formula, strange_texts
from tests.support.baton_rules import (
    expanded,
    from_json,
    from_later_json,
    from_workbook,
    must_be_sound,
)
from tests.support.product import Rollcall
from tests.support.programs import restored

OTHERS = [name for name in FORMATS if name != "review"]


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    """Return Rollcall with a warehouse of the invented company."""
    return rollcall.has(published)


def changed(rollcall: Rollcall, *statements: tuple[str, dict[str, Any]]) -> None:
    """Change the warehouse with SQL, as if it had been published so."""
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        for sql, values in statements:
            connection.execute(sql, values)
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)


def sources_of(rollcall: Rollcall) -> list[str]:
    return rollcall.column("select distinct source_name from accounts order by all")


def as_baton_names(rollcall: Rollcall, source: str) -> set[tuple[str, str]]:
    """Return the published grants, direct or inherited, under baton-file's names."""
    found = set()
    for row in rollcall.rows(f"from grants where source_name = '{source}'"):
        _, kind, native = row["account_id"].split(":", 2)
        resource, _, slug = row["entitlement_id"].rpartition(":")
        _, resource_type, resource_id = resource.split(":", 2)
        if row["scope_id"]:
            _, scope, scope_id = row["scope_id"].split(":", 2)
            slug += f"@{scope}/{scope_id}"
        found.add((f"{kind}/{native}", f"{resource_type}/{resource_id}:{slug}"))
    return found


@pytest.mark.parametrize(
    "name, suffix, read",
    [
        ("baton-json", "json", from_json),
        ("baton-json-2", "json", from_later_json),
        ("baton-xlsx", "xlsx", from_workbook),
    ],
)
def test_a_baton_file_follows_the_rules_and_says_who_has_what(company, name, suffix, read):
    """A baton-file follows the rules and contains exactly the published grants.

    Billing Admin carries a role, and Security on-call is inside Identity Admins. The file has these
    as grants to entitlements, which expand to exactly what is published.
    """
    folder = exported(company, "--format", name)

    sources = sources_of(company)
    assert [f"{source}.{suffix}" for source in sources] == sorted(
        path.name for path in folder.iterdir() if path.name != "manifest.json"
    )
    nested = 0
    for source in sources:
        data = read(folder / f"{source}.{suffix}")
        must_be_sound(data)
        accounts = company.rows(f"from accounts where source_name = '{source}'")
        assert {row["source_account_id"] for row in accounts} == {
            user["profile"]["user_id"] for user in data["users"]
        }
        assert as_baton_names(company, source) == expanded(data)
        users = {user["name"] for user in data["users"]}
        nested += sum(grant["principal"] not in users for grant in data["grants"])
    assert nested >= 9


def test_workbook_and_json_say_the_same_under_both_spellings(company):
    """Workbook and JSON have the same contents, under both spellings of the header."""
    objects, books = (exported(company, "--format", name) for name in ("baton-json", "baton-xlsx"))

    for source in sources_of(company):
        data = from_json(objects / f"{source}.json")
        for header in ("Entitlement Granted to Prinicpal", "Entitlement Granted to Principal"):
            assert data == from_workbook(books / f"{source}.xlsx", header)


def test_a_leaver_is_told_as_the_systems_see_her(company):
    """A baton-file shows a leaver's account as enabled while the system does.

    Nora left in March, and nobody closed her account: the job ended, the account did not.
    """
    folder = exported(company, "--format", "baton-json")

    users = [
        user
        for path in folder.glob("*.json")
        if path.stem != "manifest"
        for user in from_json(path)["users"]
    ]
    [nora] = [user for user in users if user["profile"]["login"] == "nora.lind"]
    profile = nora["profile"]
    assert ("enabled", "human", "leaver") == (
        nora["status"],
        nora["type"],
        profile["employment_status"],
    )
    assert ("Nora", "Lind", "E-1002") == tuple(
        profile[name] for name in ("first_name", "last_name", "employee_id")
    )


def test_resources_in_a_circle_are_not_lost(company):
    """Resources in a circle and grants without a known reason stay in the file.

    The connector lists only what is below a root, and knows inherited access only by its path.
    """
    source, first, second = company.rows(
        "select source_name, min(resource_id) as first, max(resource_id) as second"
        " from entitlements where resource_type = 'group' group by source_name"
        " order by count(*) desc limit 1"
    )[0].values()
    account, entitlement = company.rows(
        "select account_id, entitlement_id from accounts join entitlements using (source_name)"
        " anti join grants using (account_id, entitlement_id)"
        " anti join intermediate.int_entitlement_implications using (entitlement_id)"
        f" where source_name = '{source}' and resource_type = 'group' order by all limit 1"
    )[0].values()
    parent = "update entitlements set parent_resource_id = $parent where resource_id = $child"
    changed(
        company,
        (parent, {"parent": second, "child": first}),
        (parent, {"parent": first, "child": second}),
        (
            "insert into grants by name select grants.* replace ("
            "$account || '/' || $entitlement as grant_id, $account as account_id,"
            " $entitlement as entitlement_id, null as scope_id, false as is_direct,"
            " true as is_inherited, [] as inherited_from)"
            " from grants where source_name = $source limit 1",
            {"account": account, "entitlement": entitlement, "source": source},
        ),
    )

    data = from_json(exported(company, "--format", "baton-json") / f"{source}.json")

    must_be_sound(data)
    assert as_baton_names(company, source) == expanded(data)


def test_what_one_holder_inherits_is_not_lost(company):
    """Access that follows from a group for one of its members only stays in the file."""
    [grant] = company.rows(
        "select held.*, given.entitlement_id as given from grants as held"
        " join entitlements as given using (source_name)"
        " where held.is_direct and held.scope_id is null and given.resource_type = 'group'"
        " and held.account_id || '/' || given.entitlement_id not in (select grant_id from grants)"
        " and held.entitlement_id not in"
        " (select entitlement_id from intermediate.int_entitlement_implications)"
        " order by all limit 1"
    )
    changed(
        company,
        (
            "insert into grants by name select grants.* replace ($account || '/' || $given as"
            " grant_id, $given as entitlement_id, false as is_direct, true as is_inherited,"
            " [$held] as inherited_from) from grants where grant_id = $grant",
            {
                "account": grant["account_id"],
                "given": grant["given"],
                "held": grant["entitlement_id"],
                "grant": grant["grant_id"],
            },
        ),
    )
    source = grant["source_name"]

    data = from_json(exported(company, "--format", "baton-json") / f"{source}.json")

    must_be_sound(data)
    assert as_baton_names(company, source) == expanded(data)


# ---- what people upload: conductorone.com/docs/baton/file-connectors, "Expected data values"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_conductorone_gets_everything_under_stable_names(company):
    """ConductorOne gets every account and every grant, each under a stable name.

    Three values name an entitlement, case-insensitive and without surrounding blanks: two
    entitlements must never share a name.
    """
    folder = exported(company, "--format", "conductorone-csv")

    for source in sources_of(company):
        accounts = table(folder / f"{source}-accounts.csv")
        assert {"User ID", "Email Address", "Full Name", "User Status"} < accounts[0].keys()
        assert {1} == set(Counter(row["User ID"] for row in accounts).values())
        published = company.rows(f"from accounts where source_name = '{source}'")
        kinds = {row["source_account_id"]: row["account_type"] == "service" for row in published}
        assert kinds == {row["User ID"]: row["User Type"] == "Service" for row in accounts}
        for row in accounts:
            assert row["User Status"] in ("enabled", "disabled")
            assert not row["Last Login"] or datetime.fromisoformat(row["Last Login"])
            assert not row["Account Owner"] or row["User Type"]
        grants = table(folder / f"{source}-grants.csv")
        named = {}
        for row in grants:
            key = tuple(row[name] for name in ("Resource Type", "Resource Name", "Entitlement"))
            assert all(key) and row["Entitlement Slug"] and row["Entitlement Display Name"]
            folded = tuple(part.strip().lower() for part in key)
            assert key == named.setdefault(folded, key)
        by_id = {row["source_account_id"]: row["account_id"].split(":", 1)[1] for row in published}
        assert as_baton_names(company, source) == {
            (
                by_id[row["User ID"]].replace(":", "/", 1),
                f"{row['Resource Name']}:{row['Entitlement']}",
            )
            for row in grants
        }
        assert len(grants) == len(as_baton_names(company, source))


# ---- help.vanta.com, article 11345421, "Using the File Uploader Template"


def test_vanta_gets_every_account_once(company):
    """Vanta gets every account once, with its owner and all of its access."""
    folder = exported(company, "--format", "vanta-csv")

    for source in sources_of(company):
        rows = table(folder / f"{source}.csv")
        published = company.rows(f"from accounts where source_name = '{source}'")
        assert len(published) == len(rows)
        assert ["Account name", "Account owner", "Role", "Status"] == [*rows[0]]
        assert {1} == set(Counter(row["Account name"].lower() for row in rows).values())
        for row in rows:
            assert row["Account name"] and row["Status"] in ("Active", "Deactivated")
            assert all(value == " ".join(value.split()) for value in row.values())
            assert row["Account owner"] in ("No owner", "Not a person") or re.fullmatch(
                r"\S+@\S+", row["Account owner"]
            )
        held = company.column(f"select count(*) from grants where source_name = '{source}'")
        assert held == [sum(len(row["Role"].split(", ")) for row in rows if row["Role"])]
        disabled = [row for row in published if row["status"] == "disabled"]
        assert len(disabled) == sum(row["Status"] == "Deactivated" for row in rows)


# ---- every format


@pytest.mark.parametrize("name", OTHERS)
def test_the_same_warehouse_gives_the_same_bytes(company, name):
    """One warehouse always gives the same bytes, in files that only their owner can read."""
    first, second = (exported(company, "--format", name) for _ in range(2))

    files = sorted(path.name for path in first.iterdir())
    manifest = json.loads((first / "manifest.json").read_text())
    assert first != second and name == manifest["format"]
    assert files == sorted([*(file["name"] for file in manifest["files"]), "manifest.json"])
    for file in files:
        assert (first / file).read_bytes() == (second / file).read_bytes()
        assert 0o600 == (first / file).stat().st_mode & 0o777


def test_a_format_that_nobody_knows_is_told_with_those_there_are(company):
    """An unknown format is refused with the list of known ones."""
    result = company.run("export", "--format", "excel")

    assert 2 == result.code and all(name in result.err for name in FORMATS)
    assert not (company.home / "data" / "exports").exists()


def test_a_stale_source_is_refused_or_named_in_the_file(company):
    """A stale source is refused, or named in every format that has a place for it.

    A source that was never read completely has no file: an empty file would say nobody has access.
    """
    stale, never = sources_of(company)[:2]
    changed(
        company,
        (
            "insert into runs by name select * replace ('later' as run_id, 'failed' as status,"
            " started_at + interval 5 hours as started_at) from runs where source_name = $source",
            {"source": stale},
        ),
        ("update runs set status = 'failed' where source_name = $source", {"source": never}),
        ("update source_states set is_stale = true where source_name = $source", {"source": stale}),
    )

    for name in FORMATS:
        assert 5 == company.run("export", "--format", name).code
        folder = exported(company, "--format", name, "--allow-stale")
        manifest = json.loads((folder / "manifest.json").read_text())
        assert [stale, never] == manifest["stale_accepted"]
        assert never not in {file.get("source_name") for file in manifest["files"]}
        assert (18_000, None) == tuple(
            state["stale_seconds"]
            for state in manifest["sources"]
            if state["source_name"] in (stale, never)
        )
        if name == "baton-json":
            users = from_json(folder / f"{stale}.json")["users"]
            assert {"true"} == {user["profile"]["source_is_stale"] for user in users}
            assert {""} != {user["profile"]["source_as_of"] for user in users}
        if name == "conductorone-csv":
            accounts = table(folder / f"{stale}-accounts.csv")
            assert {"true"} == {row["Source Is Stale"] for row in accounts}


@pytest.mark.long
def test_strange_texts_arrive_equal_and_none_can_run(company):
    """Ten thousand strange texts arrive unchanged in every format, and none is a formula.

    JSON and workbooks have them unchanged, CSV behind one quote where necessary.
    """
    texts = [text for text in strange_texts(10_000) if text.strip()]
    source = sources_of(company)[0]
    changed(
        company,
        (
            "create or replace table accounts as"
            " select template.* replace (source_name || ':user:' || printf('%06d', place)"
            " as account_id, printf('%06d', place) as source_account_id, strange as display_name,"
            " strange as username, strange as source_status, null::varchar as person_id)"
            " from (from accounts where source_name = $source limit 1) as template,"
            " (select unnest($texts::varchar[]) as strange, unnest(range($count)) as place)",
            {"source": source, "texts": texts, "count": len(texts)},
        ),
        ("delete from grants", {}),
    )

    objects = from_json(exported(company, "--format", "baton-json") / f"{source}.json")
    book = from_workbook(exported(company, "--format", "baton-xlsx") / f"{source}.xlsx")
    upload = table(exported(company, "--format", "conductorone-csv") / f"{source}-accounts.csv")
    access = table(exported(company, "--format", "vanta-csv") / f"{source}.csv")

    for data in (objects, book):
        assert texts == [user["display_name"] for user in data["users"]]
        assert texts == [user["profile"]["login"] for user in data["users"]]
    assert texts == [restored(row["Username"]) for row in upload]
    assert texts == [restored(row["Full Name"]) for row in upload]
    assert len(texts) == len(access) == len({row["Account name"] for row in access})
    cells = (value for row in upload + access for value in row.values())
    assert [] == [value for value in cells if runs_as_formula(value)]


# ---- opened in a spreadsheet


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Return files by name, as LibreOffice saves them again."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("LibreOffice is not installed: its soffice is not on the PATH")

    def save(paths: list[Path]) -> dict[str, Any]:
        out = tmp_path / "saved"
        done = subprocess.run(
            [
                office,
                f"-env:UserInstallation=file://{tmp_path}/profile",
                "--headless",
                "--convert-to",
                "xlsx",
                "--outdir",
                str(out),
                *map(str, paths),
            ],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert 0 == done.returncode, done.stderr
        return {path.name: openpyxl.load_workbook(out / f"{path.stem}.xlsx") for path in paths}

    return save


def test_libreoffice_opens_and_saves_the_same(company, opened):
    """LibreOffice opens the files without running a formula, and saves the same values.

    The company has a person whose name calls HYPERLINK, and a group called +Emergency access.
    """
    folders = [exported(company, "--format", name) for name in ("baton-xlsx", "conductorone-csv")]
    paths = [path for folder in folders for path in folder.iterdir() if path.suffix != ".json"]

    saved = opened(paths)

    assert len(paths) == len(saved)
    for path in paths:
        cells = {
            (sheet.title, cell.row, cell.column): cell
            for sheet in saved[path.name]
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }
        assert "f" not in {cell.data_type for cell in cells.values()}
        assert [] == [cell for cell in cells.values() if cell.hyperlink]
        if path.suffix == ".xlsx":
            ours = openpyxl.load_workbook(path)
            assert {
                (sheet.title, cell.row, cell.column): cell.value
                for sheet in ours
                for row in sheet.iter_rows()
                for cell in row
                if cell.value is not None
            } == {place: cell.value for place, cell in cells.items()}
    found = [
        cell.value
        for book in saved.values()
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert "+Emergency access" in found and "'+Emergency access" in found
