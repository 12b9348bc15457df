"""baton-file, from which ConductorOne's connector of that name reads one system.

Four lists: users, resources, entitlements, grants. Only what is held directly is a user's grant;
what follows from it is a grant whose principal is an entitlement, and the connector works out who
inherits. So inherited access arrives with its way, and revoking it there takes the right thing.

Facts from github.com/ConductorOne/baton-file: docs/json_instructions.md, docs/excel_instructions.md
and the readers, pkg/connector/file_loader.go and cache.go. What surprises:

* A grant whose principal or entitlement is not in the file is skipped without a word, and so is a
  resource whose parent leads in a circle (syncers.go, List).
* The manual spells a column "Entitlement Granted to Principal", the reader wants "… Prinicpal".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.baton_rows import ENTITLEMENTS, GRANTS, RESOURCES, USERS
from pipelines.export.names import NAME_MACROS
from pipelines.failures import Misconfigured
from pipelines.files.safe_csv import describe_file
from pipelines.files.text_stream import open_new_file, write_lines
from pipelines.files.xlsx_write import open_workbook, write_row
from pipelines.sql import fetch_rows, quote


@dataclass(frozen=True)
class Section:
    """One list of the file: its rows in order, the headers of its sheet, and for users what belongs
    to the profile."""

    name: str
    sql: str
    order: str
    headers: dict[str, str]
    profile: tuple[str, ...] = ()

    def rows(self, what: str, source: str, which: str = "true") -> str:
        rows = self.sql.format(source=quote(source))
        return f"select {what} from ({rows}) where {which} order by {self.order}"

    def fields(self, **renamed: str) -> str:
        """One row's object in JSON, as the arguments of DuckDB's struct_pack."""
        plain = [name for name in self.headers if name not in self.profile]
        fields = ", ".join(f"{renamed.get(name, name)} := {name}" for name in plain)
        profile = ", ".join(f"{name} := {name}" for name in self.profile)
        return fields + f", profile := struct_pack({profile})" * bool(profile)


PROFILE = (
    *("user_id", "first_name", "last_name", "employee_id", "login", "status_raw"),
    *("department", "title", "manager_email", "employment_status"),
    *("source_as_of", "source_is_stale"),
)
MISSPELT = "Entitlement Granted to Prinicpal"
SECTIONS = (
    Section(
        "users",
        USERS,
        "name",
        {
            **{
                name: name.replace("_", " ").title()
                for name in ("name", "display_name", "email", "status", "last_login", "type")
            },
            **{name: f"Profile: {name}" for name in PROFILE},
        },
        PROFILE,
    ),
    Section(
        "resources",
        RESOURCES,
        "name",
        {
            name: name.replace("_", " ").title()
            for name in (
                "resource_type",
                "resource_function",
                "name",
                "display_name",
                "description",
                "parent_resource",
            )
        },
    ),
    Section(
        "entitlements",
        ENTITLEMENTS,
        "resource_name, entitlement",
        {
            "resource_name": "Resource Name",
            "entitlement": "Entitlement",
            "display_name": "Entitlement Display Name",
            "description": "Entitlement Description",
        },
    ),
    Section(
        "grants",
        GRANTS,
        "place, principal, entitlement_id",
        {
            "principal": "Principal Receiving Grant",
            "entitlement_id": "Entitlement Granted to Principal",
        },
    ),
)


# pkg/client/types.go and loader.go of later versions: other names, and two lists of grants
RESOURCE, SLUG = "regexp_extract({0}, '^(.*):', 1)", "regexp_extract({0}, '[^:]*$')"
PRINCIPAL, GRANTED = "principal", "entitlement_id"
USER, THING, ENTITLEMENT, GRANT = SECTIONS
LATER = (
    (
        "users",
        USER,
        "true",
        USER.fields(name="id")
        + ", login := login, employee_id := employee_id, status_details := status_raw",
    ),
    ("resources", THING, "true", THING.fields(name="id", resource_function="trait")),
    (
        "entitlements",
        ENTITLEMENT,
        "true",
        ENTITLEMENT.fields(resource_name="resource_id", entitlement="entitlement_slug"),
    ),
    (
        "direct_user_grants",
        GRANT,
        "place = 0",
        f"principal_id := principal, resource_id := {RESOURCE.format(GRANTED)},"
        f" entitlement_slug := {SLUG.format(GRANTED)}",
    ),
    (
        "grant_inheritance_mappings",
        GRANT,
        "place = 1",
        f"principal_resource_id := {RESOURCE.format(PRINCIPAL)},"
        f" principal_entitlement_slug := {SLUG.format(PRINCIPAL)},"
        f" inherited_resource_id := {RESOURCE.format(GRANTED)},"
        f" inherited_entitlement_slug := {SLUG.format(GRANTED)},"
        " inheritance_depth := 'full'",
    ),
)


def write_json(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """`<source>.json` with the four lists."""
    parts = [(section.name, section, "true", section.fields()) for section in SECTIONS]
    yield _objects(warehouse, folder / f"{source}.json", source, parts)


def write_later_json(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """`<source>.json` for versions that know no list of grants, but two."""
    yield _objects(warehouse, folder / f"{source}.json", source, LATER)


def _objects(
    warehouse: duckdb.DuckDBPyConnection,
    path: Path,
    source: str,
    parts: Iterable[tuple[str, Section, str, str]],
) -> dict[str, Any]:
    """One object with a key per list, one row a line, every value text."""
    _must_know_inheritance(warehouse)
    warehouse.execute(NAME_MACROS)
    rows: dict[str, int] = {}
    with open_new_file(path) as file:
        for name, section, which, fields in parts:
            file.write(f'{"," if rows else "{"}\n"{name}": [\n'.encode())
            line = f"to_json(struct_pack({fields}))::varchar || ',\n'"
            rows[name] = write_lines(file.write, warehouse, section.rows(line, source, which))
            if rows[name]:
                file.seek(-2, 1)  # no comma behind the last one
            file.write(b"\n]")
        file.write(b"\n}\n")
    return describe_file(path, [*rows], rows)


def write_workbook(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """`<source>.xlsx`: a sheet per section. Both spellings of the grants' header are there, since
    the connector takes its own, and whoever reads the manual takes the other."""
    path, rows = folder / f"{source}.xlsx", {}
    _must_know_inheritance(warehouse)
    warehouse.execute(NAME_MACROS)
    with open_workbook(path) as book:
        for section in SECTIONS:
            sheet = book.add_worksheet(section.name)
            twice = section.name == "grants"
            write_row(sheet, 0, [*section.headers.values(), *[MISSPELT] * twice])
            result = warehouse.execute(section.rows(", ".join(section.headers), source))
            number = 0
            for number, row in enumerate(fetch_rows(result), 1):
                write_row(sheet, number, [*row, *row[-1:] * twice])
            rows[section.name] = number
    yield describe_file(path, [section.name for section in SECTIONS], rows)


def _must_know_inheritance(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Raise Misconfigured for a warehouse of before this was kept."""
    if not warehouse.execute(
        "select 1 from duckdb_tables() where table_name = 'int_entitlement_implications'"
    ).fetchone():
        raise Misconfigured(
            "the published warehouse",
            "an older Rollcall wrote it, which did not keep what follows from what",
            "run `rollcall sync`",
        )
