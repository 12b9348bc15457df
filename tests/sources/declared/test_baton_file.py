"""A system that is read from a file of baton-file's: JSON of both versions, and the workbook."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from xlsxwriter import Workbook

from pipelines.export.names import NAME_MACROS
from pipelines.failures import Failure, Misconfigured, Refused, Unreadable
from tests.support.declared import Company
from tests.support.declared_reads import Declared, rows

FIRST: dict[str, Any] = {
    "users": [
        {
            "name": "0042",
            "display_name": "Ada",
            "email": "ada@lanternfish.example",
            "status": "active",
            "last_login": "11/20/2026",
            "type": "human",
            "profile": {"employee_id": 17, "login": "ada"},
        },
        {"name": "bot", "display_name": "Bot", "status": "suspended", "type": "bot"},
    ],
    "resources": [
        {
            "resource_type": "Workspace",
            "resource_function": "group",
            "name": "ops",
            "display_name": "Operations",
        },
        {
            "resource_type": "role",
            "resource_function": "role",
            "name": "lead",
            "display_name": "Lead",
            "parent_resource": "ops",
        },
    ],
    "entitlements": [
        {"resource_name": "ops", "entitlement": "member", "display_name": "Ops member"},
        {"resource_name": "lead", "entitlement": "read", "display_name": "Read"},
    ],
    "grants": [
        {"principal": "0042", "entitlement_id": "ops:member"},
        {"principal": "ops:member", "entitlement_id": "lead:read"},
    ],
}
LATER: dict[str, Any] = {
    "users": [
        {"id": "0042", "display_name": "Ada", "email": "ada@lanternfish.example"}
        | {"status": "enabled", "last_login": "2026-11-20", "type": "human", "login": "ada"}
        | {"employee_id": ["17"]},
        {"id": "bot", "display_name": "Bot", "status": "disabled", "type": "service"},
    ],
    "resources": [
        {"resource_type": "workspace", "trait": "group", "id": "ops", "display_name": "Operations"},
        {"resource_type": "role", "trait": "role", "id": "lead", "display_name": "Lead"},
    ],
    "entitlements": [
        {"resource_id": "ops", "entitlement_slug": "member", "display_name": "Ops member"},
        {"resource_id": "lead", "entitlement_slug": "read", "display_name": "Read"},
    ],
    "direct_user_grants": [
        {"principal_id": "0042", "resource_id": "ops", "entitlement_slug": "member"}
    ],
    "grant_inheritance_mappings": [
        {"principal_resource_id": "ops", "principal_entitlement_slug": "member"}
        | {"inherited_resource_id": "lead", "inherited_entitlement_slug": "read"}
        | {"inheritance_depth": "full"}
    ],
}
ACCOUNTS = [
    ("app:user:0042", "human", "ada", "ada@lanternfish.example", "17", "enabled", "2026-11-20"),
    ("app:user:bot", "service", None, None, None, "disabled", None),
]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    return Declared(tmp_path, monkeypatch, name="app")


def write(system: Declared, document: Any, name: str = "app.json") -> Path:
    system.declare(f'kind = "baton"\npath = "{name}"\n')
    path = Path(name)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize("document", [FIRST, LATER], ids=["first", "later"])
def test_a_json_file_becomes_the_tables(system, document):
    """Both versions say the same, and become the same accounts, grants and implications."""
    write(system, document)
    mapped = system.map()

    assert ACCOUNTS == rows(
        mapped,
        "select account_id, account_type, username, email, employee_number, status,"
        " last_login_at::date::varchar from mapped_accounts order by all",
    )
    assert [
        ("app:group:workspace:ops:member", "group", "Operations", "Ops member"),
        ("app:role:lead:read:assigned", "role", "Lead", "Read"),
    ] == rows(
        mapped,
        "select entitlement_id, resource_type, resource_name, display_name"
        " from mapped_entitlements order by all",
    )
    assert [("app:user:0042", "app:group:workspace:ops:member")] == rows(
        mapped, "select account_id, entitlement_id from mapped_grants"
    )
    assert [("app:group:workspace:ops:member", "app:role:lead:read:assigned")] == rows(
        mapped, "select entitlement_id, implied_entitlement_id from mapped_implications"
    )


def change(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the document with one value changed, or removed if the value is None."""
    changed = deepcopy(document)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = changed
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return changed


WRONG: dict[str, tuple[type[Failure], Any, str]] = {
    "half": (Unreadable, json.dumps(FIRST)[:-300], "it is no JSON, or not written to its end"),
    "empty": (Unreadable, "", "it is no JSON"),
    "list": (Refused, [FIRST], "it is no object of lists"),
    "no users": (Refused, change(FIRST, "users", None), "it has no list of users"),
    "no grants": (Refused, change(FIRST, "grants", None), "it has no list of grants"),
    "new list": (Refused, FIRST | {"bundles": []}, "it has an unknown list 'bundles'"),
    "external": (
        Refused,
        LATER | {"external_grants": [{"match_type": "all"}]},
        "are for users whom another connector knows",
    ),
    "no id": (Refused, change(FIRST, "users.1.name", ""), "entry 2 of users has no id"),
    "text": (Refused, change(FIRST, "users.1", "bot"), "entry 2 of users is no object"),
    "unknown holder": (
        Refused,
        change(FIRST, "grants.0.principal", "eve"),
        "entry 1 of grants is of eve, which is neither a user, a resource nor an entitlement",
    ),
    "unknown entitlement": (
        Refused,
        change(FIRST, "grants.0.entitlement_id", "ops:owner"),
        "name entitlement_id ops:owner, which entitlements do not have",
    ),
    "later unknown holder": (
        Refused,
        change(LATER, "direct_user_grants.0.principal_id", "eve"),
        "name account_id eve, which accounts do not have",
    ),
    "same user twice": (
        Refused,
        change(FIRST, "users.1.name", "0042"),
        "account_id 0042 comes 2 times",
    ),
    "user and resource": (
        Refused,
        change(FIRST, "users.1.name", "ops"),
        "ops is the id of a user and of a resource",
    ),
    "nobody": (Refused, change(FIRST, "users", []) | {"grants": []}, "there is no account"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_told_in_one_sentence(system, name):
    """Half a file, and whatever the connector would skip silently, refuses the file."""
    kind, document, why = WRONG[name]
    write(system, document)
    with pytest.raises(Failure) as raised:
        system.map()

    assert kind is type(raised.value)
    assert why in raised.value.why
    assert raised.value.next


@pytest.mark.parametrize("suffix", ["yaml", "csv", "jsonc"])
def test_a_file_without_an_end_is_not_read(system, suffix):
    """Half of a YAML or a CSV looks like a whole file, so neither is read."""
    write(system, "users: []", f"app.{suffix}")
    failure = system.fail()

    assert (Misconfigured, True) == (type(failure), ".c1z, .json, .xlsx are" in failure.why)


def test_a_formula_in_a_workbook_is_refused(system):
    """The value of a formula is what another program computed, or nothing."""
    system.declare('kind = "baton"\npath = "app.xlsx"\n')
    with Workbook("app.xlsx") as book:
        sheet = book.add_worksheet("Users")
        sheet.write_row(0, 0, ["ID", "Display Name"])
        sheet.write_row(1, 0, ["1", '=CONCAT("A", "da")'])

    assert "row 2 of sheet Users has a formula" == system.fail().why


ORIGINAL = f"""
{NAME_MACROS};
select
    grants.source_name || '/' || name_of(account_id) as holder,
    named(
        coalesce(nullif(entitlements.display_name, ''), entitlements.slug),
        scope_type, scope_name, scope_id
    ) as entitlement,
    count(*) as grants
from grants join entitlements using (entitlement_id)
where account_id in (select account_id from accounts)
group by all order by all
"""
COPIED = """
select
    grants.source_name[6:] || '/' || source_account_id as holder,
    entitlements.display_name as entitlement,
    count(*) as grants
from grants join entitlements using (entitlement_id) join accounts using (account_id)
group by all order by all
"""
PEOPLE = """
select
    {source} || '/' || {key} as holder, display_name, email, account_type = 'service' as is_service,
    last_login_at::date as last_login
from accounts order by all
"""


@pytest.mark.long
@pytest.mark.parametrize("form", ["baton-json", "baton-json-2", "baton-xlsx"])
def test_what_is_exported_reads_back_as_the_same(rollcall, published, company: Company, form):
    """The export of a company, read as declared systems, is the same accounts and grants."""
    exported = rollcall.another(rollcall.home / "first").has(published)
    result = exported.run("export", "--format", form, "--out", "out", "--json")
    assert 0 == result.code, result.err
    files = sorted((exported.home / "out").rglob("*.json" if "json" in form else "*.xlsx"))
    for file in files:
        if file.stem != "manifest":
            company.declare(f"copy_{file.stem}", f'kind = "baton"\npath = "{file}"\n')
    copied = company.rollcall
    copied.sync()

    original = exported.rows(ORIGINAL)
    assert 300 < sum(row["grants"] for row in original)
    assert original == copied.rows(COPIED)
    mine = exported.rows(
        f"{NAME_MACROS};" + PEOPLE.format(source="source_name", key="name_of(account_id)")
    )
    assert mine == copied.rows(PEOPLE.format(source="source_name[6:]", key="source_account_id"))
