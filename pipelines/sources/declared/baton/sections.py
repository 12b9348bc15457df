"""Read a file of baton-file's: a JSON object or a workbook, with lists of users, grants and so on.

Facts from github.com/ConductorOne/baton-file: docs/json_instructions.md, pkg/connector of version 1
(one list of grants), and pkg/client of later versions (two lists, and other names of fields).
The connector skips what it does not understand; here that refuses the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.failures import Refused, Unreadable
from pipelines.files import json_text
from pipelines.files.json_text import to_text_id
from pipelines.files.xlsx_read import Book
from pipelines.sources.declared.baton.rows import Row

AGAIN = "write the file again, and move it here when it is complete"
CORRECT = "correct the file"
MAX_BYTES = 256 << 20  # a JSON object is read as a whole
LISTS = ("users", "resources", "entitlements")
GRANTS = ("grants", "direct_user_grants", "grant_inheritance_mappings")
EXTERNAL = "external_grants"
# Other names of a field: those of version 1, and those of the columns of its workbook
OLDER = {
    "users": {"name": "id"},
    "resources": {"name": "id", "resource_function": "trait"},
    "entitlements": {
        "resource_name": "resource_id",
        "entitlement": "entitlement_slug",
        "entitlement_display_name": "display_name",
        "entitlement_description": "description",
    },
    "grants": {
        "principal_receiving_grant": "principal",
        "entitlement_granted_to_principal": "entitlement_id",
        "entitlement_granted_to_prinicpal": "entitlement_id",
    },
}
NEEDED = {
    "users": ("id",),
    "resources": ("id", "resource_type"),
    "entitlements": ("resource_id", "entitlement_slug"),
    "grants": ("principal", "entitlement_id"),
    "direct_user_grants": ("principal_id", "resource_id", "entitlement_slug"),
    "grant_inheritance_mappings": (
        *("principal_resource_id", "principal_entitlement_slug"),
        *("inherited_resource_id", "inherited_entitlement_slug"),
    ),
}
PROFILE = "profile: "
STATUSES = {
    **dict.fromkeys(("enabled", "active"), "enabled"),
    **dict.fromkeys(("disabled", "inactive", "suspended", "deleted"), "disabled"),
}
ACCOUNT_TYPES = {
    **dict.fromkeys(("human", "user", "person"), "human"),
    **dict.fromkeys(("service", "system", "bot", "machine"), "service"),
}
AMERICAN_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})")


class Sections:
    """The lists of one file, with the fields of the later versions."""

    def __init__(self, what: str, lists: dict[str, list[Any]]) -> None:
        self.what = what
        for name in lists:
            if name not in (*LISTS, *GRANTS, EXTERNAL):
                raise Refused(what, f"it has an unknown list {name[:40]!r}", CORRECT)
        for name in LISTS:
            if name not in lists:
                raise Refused(what, f"it has no list of {name}", AGAIN)
        if not any(name in lists for name in GRANTS):
            raise Refused(what, "it has no list of grants", AGAIN)
        if lists.get(EXTERNAL):
            why = f"its {EXTERNAL} are for users whom another connector knows"
            raise Refused(what, why, "let a connector resolve them, and read its .c1z")
        self.lists = {name: [*self._check(name, lists.get(name) or [])] for name in NEEDED}
        self.users = {row["id"] for row in self.lists["users"]}
        self.ids = self.users | {row["id"] for row in self.lists["resources"]}
        self.keys = {_make_key(row) for row in self.lists["entitlements"]}
        found = self.users & {row["id"] for row in self.lists["resources"]}
        if found:
            why = f"{min(found)} is the id of a user and of a resource"
            raise Refused(what, why, CORRECT)

    def _check(self, name: str, rows: list[Any]) -> Iterator[Row]:
        for number, given in enumerate(rows, 1):
            if not isinstance(given, dict):
                raise Refused(self.what, f"entry {number} of {name} is no object", CORRECT)
            row = {OLDER.get(name, {}).get(field, field): value for field, value in given.items()}
            for field in NEEDED[name]:
                row[field] = to_text_id(row.get(field))
                if row[field] is None:
                    raise Refused(self.what, f"entry {number} of {name} has no {field}", CORRECT)
            yield row

    def read_tables(self) -> dict[str, Iterator[Row]]:
        """Return the rows of each table."""
        return {
            "users": map(_describe_user, self.lists["users"]),
            "resources": self._read_resources(),
            "entitlements": map(_describe_entitlement, self.lists["entitlements"]),
            "grants": self._read_grants(),
            "inheritance": self._read_inheritance(),
        }

    def _read_resources(self) -> Iterator[Row]:
        for row in self.lists["resources"]:
            yield {
                "resource": row["id"],
                "resource_type": row["resource_type"].lower(),
                "resource_id": row["id"],
                "trait": str(row.get("trait") or "").lower(),
                "display_name": row.get("display_name"),
                "description": row.get("description"),
                "parent": to_text_id(row.get("parent_resource")),
            }
        for row in self.lists["users"]:
            user = {"resource": row["id"], "resource_type": "user", "resource_id": row["id"]}
            yield user | {"display_name": row.get("display_name")}

    def _read_grants(self) -> Iterator[Row]:
        for number, row in enumerate(self.lists["grants"], 1):
            if row["principal"] in self.ids:
                yield _describe_grant(row["principal"], row["entitlement_id"])
            elif row["principal"] not in self.keys:
                raise Refused(
                    self.what,
                    f"entry {number} of grants is of {row['principal']}, which is neither a user,"
                    " a resource nor an entitlement of the file",
                    CORRECT,
                )
        for row in self.lists["direct_user_grants"]:
            yield _describe_grant(row["principal_id"], _make_key(row))

    def _read_inheritance(self) -> Iterator[Row]:
        for row in self.lists["grants"]:
            if row["principal"] not in self.ids:
                yield _describe_inheritance(row["principal"], row["entitlement_id"])
        for row in self.lists["grant_inheritance_mappings"]:
            yield _describe_inheritance(
                _make_key(row, "principal_resource_id", "principal_entitlement_slug"),
                _make_key(row, "inherited_resource_id", "inherited_entitlement_slug"),
                is_shallow=row.get("inheritance_depth") == "shallow",
            )


def read_json(what: str, path: Path) -> Sections:
    """Return the lists of a JSON file. Raises Unreadable for half a file, and Refused."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        why = f"it is larger than {MAX_BYTES >> 20} MiB"
        raise Refused(what, why, "read the .c1z of a connector instead")
    try:
        document = json_text.parse(data)
    except json_text.NotJson:
        raise Unreadable(what, "it is no JSON, or not written to its end", AGAIN) from None
    if not isinstance(document, dict) or not all(
        isinstance(one, list) for one in document.values()
    ):
        raise Refused(what, "it is no object of lists", CORRECT)
    return Sections(what, document)


def read_workbook(what: str, path: Path) -> Sections:
    """Return the lists of a workbook: one sheet for each, with the names of fields on top."""
    book = Book(path.read_bytes(), what)
    return Sections(what, {_spell(one): [*_read_sheet(what, book, one)] for one in book.sheets})


def _read_sheet(what: str, book: Book, sheet: str) -> Iterator[Row]:
    header: dict[int, str] = {}
    for row in book.read_rows(sheet):
        if row.formulas:
            why = f"row {row.number} of sheet {sheet} has a formula"
            raise Refused(what, why, "put the values in the place of formulas")
        if not header:
            header = {column: _spell(text) for column, text in row.cells.items() if text.strip()}
        elif any(text.strip() for text in row.cells.values()):
            named = {header[one]: text for one, text in row.cells.items() if one in header}
            fields = {name: text for name, text in named.items() if not name.startswith(PROFILE)}
            profile = {name: named[name] for name in named if name not in fields}
            yield fields | {
                "profile": {name.removeprefix(PROFILE): text for name, text in profile.items()}
            }


def _spell(title: str) -> str:
    """Return the name of a field or a list for the title of a column or a sheet."""
    name = title.strip().lower()
    return name if name.startswith(PROFILE) else name.replace(" ", "_")


def _make_key(row: Row, resource: str = "resource_id", slug: str = "entitlement_slug") -> str:
    return f"{row[resource]}:{row[slug]}"


def _describe_user(row: Row) -> Row:
    profile = row.get("profile") if isinstance(row.get("profile"), dict) else {}
    status = str(row.get("status") or "").strip().lower()
    numbers = row.get("employee_id") or profile.get("employee_id")
    if isinstance(numbers, list):
        numbers = numbers[0] if len(numbers) == 1 else None
    last_login = str(row.get("last_login") or "").strip()
    return {
        "principal": row["id"],
        "account_id": row["id"],
        "resource_type": "user",
        "display_name": row.get("display_name"),
        "email": row.get("email"),
        "login": row.get("login") or profile.get("login"),
        "employee_number": to_text_id(numbers),
        "account_type": ACCOUNT_TYPES.get(str(row.get("type") or "").strip().lower(), "unknown"),
        "status": STATUSES.get(status, status) or "unknown",
        "status_details": row.get("status_details") or profile.get("status_raw") or status,
        "mfa_enabled": row.get("mfa_enabled"),
        "last_login_at": AMERICAN_DAY.sub(r"\3-\1-\2", last_login),
        "profile": json.dumps(profile, ensure_ascii=False) if profile else None,
    }


def _describe_entitlement(row: Row) -> Row:
    return {
        "entitlement": _make_key(row),
        "resource": row["resource_id"],
        "slug": row["entitlement_slug"],
        "display_name": row.get("display_name"),
        "description": row.get("description"),
    }


def _describe_grant(principal: str, entitlement: str) -> Row:
    return {"principal": principal, "entitlement": entitlement, "expands": False}


def _describe_inheritance(entitlement: str, implied: str, is_shallow: bool = False) -> Row:
    types: list[str] = []
    row = {"entitlement": entitlement, "implied": implied, "is_shallow": is_shallow}
    return row | {"resource_types": json.dumps(types)}
