"""The rules of baton-file's connector, written independently from its manuals and its code.

Sources: github.com/ConductorOne/baton-file, docs/json_instructions.md and
docs/excel_instructions.md. No code is shared with the export.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

SECTIONS = ("users", "resources", "entitlements", "grants")
PROFILE = ("user_id", "first_name", "last_name", "employee_id", "login", "status_raw")


def from_json(path: Path) -> dict[str, list[dict[str, Any]]]:
    return json.loads(path.read_bytes())


def from_later_json(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of a baton-file from the JSON of later versions in the earlier form.

    The rules of later versions are in pkg/client/types.go, ValidateReferences: `grants` and a
    user's `name` are refused. A mapping is a grant to an entitlement, expanded in full.
    """
    told = json.loads(path.read_bytes())
    assert "grants" not in told and {"full"} >= {
        row["inheritance_depth"] for row in told["grant_inheritance_mappings"]
    }
    for user in told["users"]:
        for name, same in (("login", "login"), ("status_details", "status_raw")):
            assert user["profile"][same] == user.pop(name)
        assert user["profile"]["employee_id"] == user.pop("employee_id")
    renamed = {
        "id": "name",
        "trait": "resource_function",
        "resource_id": "resource_name",
        "entitlement_slug": "entitlement",
    }
    data = {
        section: [
            {renamed.get(key, key): value for key, value in row.items()} for row in told[section]
        ]
        for section in SECTIONS[:3]
    }
    data["grants"] = [
        {
            "principal": row["principal_id"],
            "entitlement_id": f"{row['resource_id']}:{row['entitlement_slug']}",
        }
        for row in told["direct_user_grants"]
    ] + [
        {
            "principal": f"{row['principal_resource_id']}:{row['principal_entitlement_slug']}",
            "entitlement_id": f"{row['inherited_resource_id']}:{row['inherited_entitlement_slug']}",
        }
        for row in told["grant_inheritance_mappings"]
    ]
    return data


def unescaped(text: str | None) -> str:
    """Return the text without escapes such as _x0001_.

    XML cannot contain every character, so workbooks escape some (ECMA-376, ST_Xstring).
    """
    return re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text or "")


def sheets(path: Path) -> dict[str, list[dict[str, str]]]:
    """Return every sheet by its header; fail if a cell is not text."""
    book = openpyxl.load_workbook(path, read_only=True)
    found = {}
    for sheet in book:
        rows = []
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row if cell.value is not None} <= {"s", "inlineStr"}
            rows.append([unescaped(cell.value) for cell in row])
        header, *rest = rows
        found[sheet.title] = [
            dict(zip(header, row + [""] * len(header), strict=False)) for row in rest
        ]
    return found


FIELDS = {
    "resources": {
        "Resource Type": "resource_type",
        "Resource Function": "resource_function",
        "Name": "name",
        "Display Name": "display_name",
        "Description": "description",
        "Parent Resource": "parent_resource",
    },
    "entitlements": {
        "Resource Name": "resource_name",
        "Entitlement": "entitlement",
        "Entitlement Display Name": "display_name",
        "Entitlement Description": "description",
    },
    "users": {
        "Name": "name",
        "Display Name": "display_name",
        "Email": "email",
        "Status": "status",
        "Last Login": "last_login",
        "Type": "type",
    },
}


def from_workbook(
    path: Path, entitlement: str = "Entitlement Granted to Prinicpal"
) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of a baton-file, as the JSON has them, from a workbook.

    The connector's code and its manual differ on one header.
    """
    found = sheets(path)
    data: dict[str, list[dict[str, Any]]] = {
        section: [{key: row[header] for header, key in fields.items()} for row in found[section]]
        for section, fields in FIELDS.items()
    }
    for user, row in zip(data["users"], found["users"], strict=True):
        user["profile"] = {
            header.removeprefix("Profile: "): row[header]
            for header in row
            if header.startswith("Profile: ")
        }
    data["grants"] = [
        {"principal": row["Principal Receiving Grant"], "entitlement_id": row[entitlement]}
        for row in found["grants"]
    ]
    return data


def must_be_sound(data: dict[str, list[dict[str, Any]]]) -> None:
    """Fail if the data breaks a rule of the manual, or has a part that the connector would skip."""
    assert set(SECTIONS) == data.keys()
    for row in (row for section in SECTIONS for row in data[section]):
        for value in row.values():
            assert isinstance(value, str | dict)
    names = Counter(row["name"] for row in data["users"] + data["resources"])
    assert {1} == set(names.values())
    assert all(re.fullmatch(r"[a-z]+/\S+", name) for name in names)
    for user in data["users"]:
        assert user["display_name"] and user["status"] in ("enabled", "disabled")
        assert user["type"] in ("human", "service")
        assert not user["last_login"] or datetime.strptime(user["last_login"], "%m/%d/%Y")
        assert len(user["last_login"]) in (0, 10)
        assert set(PROFILE) <= user["profile"].keys() and user["profile"]["user_id"]
        assert user["profile"]["status_raw"]
        assert all(isinstance(value, str) for value in user["profile"].values())
    functions: dict[str, set[str]] = {}
    for resource in data["resources"]:
        assert resource["display_name"] and resource["resource_type"].lower() != "user"
        functions.setdefault(resource["resource_type"].lower(), set()).add(
            resource["resource_function"]
        )
    assert all(len(kinds) == 1 and kinds <= {"group", "role"} for kinds in functions.values())
    parents = {row["name"]: row["parent_resource"] for row in data["resources"]}
    for name in parents:
        seen = []
        while name:  # children are listed below a parent that is in the list
            assert name in parents and name not in seen
            seen.append(name)
            name = parents[name]
    keys = Counter(f"{row['resource_name']}:{row['entitlement']}" for row in data["entitlements"])
    assert {1} >= set(keys.values())
    assert all(row["resource_name"] in parents for row in data["entitlements"])
    assert all(row["display_name"] for row in data["entitlements"])
    users = {row["name"] for row in data["users"]}
    for grant in data["grants"]:
        assert grant["principal"] in users or grant["principal"] in keys
        assert grant["entitlement_id"] in keys
    pairs = Counter((row["principal"], row["entitlement_id"]) for row in data["grants"])
    assert {1} >= set(pairs.values())


def expanded(data: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str]]:
    """Return who has what after grants to entitlements have been passed to all of their holders."""
    users = {row["name"] for row in data["users"]}
    through: dict[str, set[str]] = {}
    held = set()
    for grant in data["grants"]:
        if grant["principal"] in users:
            held.add((grant["principal"], grant["entitlement_id"]))
        else:
            through.setdefault(grant["principal"], set()).add(grant["entitlement_id"])
    new = held
    while new:
        new = {(user, more) for user, key in new for more in through.get(key, ())} - held
        held = held | new
    return held
