"""Write a baton-file, from which ConductorOne's connector of that name reads one system.

The file has four lists: users, resources, entitlements, grants. Only direct access is a grant of a
user. Access that follows from an entitlement is a grant whose principal is that entitlement, and
the connector works out who inherits it. ConductorOne therefore shows the path of inherited access,
and a revoke there removes the entitlement that gives the access.

Facts from github.com/ConductorOne/baton-file: docs/json_instructions.md, docs/excel_instructions.md
and the readers, pkg/connector/file_loader.go and cache.go. What surprises:

* A grant whose principal or entitlement is not in the file is skipped without an error, and so is a
  resource whose parents form a circle (syncers.go, List).
* The manual spells a column "Entitlement Granted to Principal", the reader wants "… Prinicpal".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.baton_rows import ENTITLEMENTS, GRANTS, RESOURCES, USERS
from pipelines.failures import Misconfigured
from pipelines.files.safe_csv import describe_file
from pipelines.files.text_stream import open_new_file, write_lines
from pipelines.files.xlsx_write import open_workbook, write_row
from pipelines.sql import fetch_rows, has_table, quote


@dataclass(frozen=True)
class Section:
    """One part of the export: a list in the JSON file, and a sheet in the workbook."""

    name: str
    sql: str
    order: str
    columns: dict[str, str]  # header in the workbook -> column of the query
    profile: tuple[str, ...] = ()  # the columns that belong to a user's profile

    def rows_sql(self, cells: str, source: str, where: str = "true") -> str:
        rows = self.sql.format(source=quote(source))
        return f"select {cells} from ({rows}) where {where} order by {self.order}"

    def fields_sql(self, **renamed: str) -> str:
        """Return the JSON object of a row, as the arguments of DuckDB's struct_pack."""
        plain = [name for name in dict.fromkeys(self.columns.values()) if name not in self.profile]
        fields = ", ".join(f"{renamed.get(name, name)} := {name}" for name in plain)
        profile = ", ".join(f"{name} := {name}" for name in self.profile)
        return fields + f", profile := struct_pack({profile})" * bool(profile)


def _title(*names: str) -> dict[str, str]:
    return {name.replace("_", " ").title(): name for name in names}


PROFILE = (
    *("user_id", "first_name", "last_name", "employee_id", "login", "status_raw"),
    *("department", "title", "manager_email", "employment_status"),
    *("source_as_of", "source_is_stale"),
)
SECTIONS = USER, RESOURCE, ENTITLEMENT, GRANT = (
    Section(
        "users",
        USERS,
        "name",
        _title("name", "display_name", "email", "status", "last_login", "type")
        | {f"Profile: {name}": name for name in PROFILE},
        PROFILE,
    ),
    Section(
        "resources",
        RESOURCES,
        "name",
        _title("resource_type", "resource_function", "name")
        | _title("display_name", "description", "parent_resource"),
    ),
    Section(
        "entitlements",
        ENTITLEMENTS,
        "resource_name, entitlement",
        {
            "Resource Name": "resource_name",
            "Entitlement": "entitlement",
            "Entitlement Display Name": "display_name",
            "Entitlement Description": "description",
        },
    ),
    Section(
        "grants",
        GRANTS,
        "place, principal, entitlement_id",
        {
            "Principal Receiving Grant": "principal",
            "Entitlement Granted to Principal": "entitlement_id",  # as the manual spells it
            "Entitlement Granted to Prinicpal": "entitlement_id",  # as the connector reads it
        },
    ),
)

# One list of the JSON file: its name, the section of its rows, which rows, and their fields
Part = tuple[str, Section, str, str]
PARTS: list[Part] = [(section.name, section, "true", section.fields_sql()) for section in SECTIONS]

# pkg/client/types.go and loader.go: later versions use other names, and refuse one list of grants.
RESOURCE_ID, SLUG = "regexp_extract({0}, '^(.*):', 1)", "regexp_extract({0}, '[^:]*$')"
LATER_PARTS: list[Part] = [
    (
        "users",
        USER,
        "true",
        USER.fields_sql(name="id")
        + ", login := login, employee_id := employee_id, status_details := status_raw",
    ),
    ("resources", RESOURCE, "true", RESOURCE.fields_sql(name="id", resource_function="trait")),
    (
        "entitlements",
        ENTITLEMENT,
        "true",
        ENTITLEMENT.fields_sql(resource_name="resource_id", entitlement="entitlement_slug"),
    ),
    (
        "direct_user_grants",
        GRANT,
        "place = 0",
        f"principal_id := principal, resource_id := {RESOURCE_ID.format('entitlement_id')},"
        f" entitlement_slug := {SLUG.format('entitlement_id')}",
    ),
    (
        "grant_inheritance_mappings",
        GRANT,
        "place = 1",
        f"principal_resource_id := {RESOURCE_ID.format('principal')},"
        f" principal_entitlement_slug := {SLUG.format('principal')},"
        f" inherited_resource_id := {RESOURCE_ID.format('entitlement_id')},"
        f" inherited_entitlement_slug := {SLUG.format('entitlement_id')},"
        " inheritance_depth := 'full'",
    ),
]


def write_json(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str, parts: Iterable[Part] = PARTS
) -> Iterator[dict[str, Any]]:
    """Write `<source>.json`: an object with one key per list, one row per line, all values text."""
    _check_implications(warehouse)
    path = folder / f"{source}.json"
    rows: dict[str, int] = {}
    with open_new_file(path) as file:
        for name, section, where, fields in parts:
            file.write(f'{"," if rows else "{"}\n"{name}": [\n'.encode())
            line = f"to_json(struct_pack({fields}))::varchar || ',\n'"
            rows[name] = write_lines(file.write, warehouse, section.rows_sql(line, source, where))
            if rows[name]:
                file.seek(-2, 1)  # no comma after the last row
            file.write(b"\n]")
        file.write(b"\n}\n")
    yield describe_file(path, [*rows], rows)


def write_workbook(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """Write `<source>.xlsx`, with one sheet per section."""
    _check_implications(warehouse)
    path = folder / f"{source}.xlsx"
    rows: dict[str, int] = {}
    with open_workbook(path) as book:
        for section in SECTIONS:
            sheet = book.add_worksheet(section.name)
            write_row(sheet, 0, [*section.columns])
            sql = section.rows_sql(", ".join(section.columns.values()), source)
            number = 0
            for number, row in enumerate(fetch_rows(warehouse.execute(sql)), 1):
                write_row(sheet, number, row)
            rows[section.name] = number
    yield describe_file(path, [*rows], rows)


def _check_implications(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Raise Misconfigured if the warehouse lacks the table of what one entitlement implies."""
    if not has_table(warehouse, "int_entitlement_implications", "intermediate"):
        raise Misconfigured(
            "the published warehouse",
            "an earlier version of Rollcall published it, without the table of inherited access",
            "run `rollcall sync`",
        )
