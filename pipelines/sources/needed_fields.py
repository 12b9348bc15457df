"""The fields of a vendor's rows that the staging models cannot do without.

A vendor may leave out a field that the credential may not see, without an error. Each source
declares in `needed_fields.py` which fields it needs, and which right shows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from pipelines.failures import Unreadable
from pipelines.sources import load_function
from pipelines.sources.probe import ProbeWarning
from pipelines.sources.raw_rows import Row, read_id, wrap_rows

# Whether a JSON value says something: null and empty texts, lists and objects do not
HAS_VALUE = """coalesce(value::varchar, 'null') not in ('null', '""', '[]', '{}')"""


@dataclass(frozen=True, kw_only=True)
class NeededField:
    """One field of a raw table's payload; `paths` has each spelling of its JSON path.

    If a field decides a status, the status must not change because the field is hidden. Some
    tenants lack an optional field; only its disappearance is noticed. `consequence` says what
    cannot be known without the field.
    """

    resource: str
    name: str
    right: str
    paths: tuple[str, ...] = ()
    decides_status: bool = False
    is_optional: bool = False
    consequence: str = ""

    @property
    def condition(self) -> str:
        """Return the SQL condition that a row has the field, in any spelling."""
        lists = []
        for path in self.paths or (f'$."{self.name}"',):
            found = f"json_extract(payload::json, '{path}')"
            lists.append(found if "[*]" in path else f"[{found}]")
        found = f"flatten([{', '.join(lists)}])"
        return f"len(list_filter({found}, lambda value: {HAS_VALUE})) > 0"

    def describe_absence(self, rows: int) -> str:
        return f"{self.resource}: none of {rows} rows has {self.name}{self.consequence}"

    @property
    def remedy(self) -> str:
        return f"give the credential {self.right}, if there are such values"


def list_needed_fields(source: str, resource: str | None = None) -> list[NeededField]:
    """Return the fields that a source declares, for one raw table or for all."""
    fields = load_function(source, "needed_fields", "needed_fields")()
    return [field for field in fields if resource in (None, field.resource)]


def find_missing_fields(
    connection: duckdb.DuckDBPyConnection, table: str, fields: Iterable[NeededField]
) -> tuple[int, list[NeededField]]:
    """Return the number of rows of a table, and the required fields that no row has."""
    fields = [field for field in fields if not field.is_optional]
    counts = ", ".join(f"count(*) filter ({field.condition})" for field in fields)
    [rows, *found] = connection.execute(
        f"select {', '.join(filter(None, ('count(*)', counts)))} from {table}"
    ).fetchone()
    return rows, [field for field, count in zip(fields, found, strict=True) if rows and not count]


def check_rows(source: str, resource: str, rows: list[Row]) -> None:
    """Check the first rows of a list as a sync does.

    Raises Unreadable for a row without an id, and ProbeWarning for a needed field that no row has.
    """
    what = f"{source}: {resource}"
    if not all(isinstance(row, dict) for row in rows):
        raise Unreadable(what, "a row is not an object", "check the base URL")
    table = wrap_rows((read_id(what, row, "id"), row) for row in rows)
    with duckdb.connect() as connection:
        connection.register("first_rows", table)
        fields = list_needed_fields(source, resource)
        count, missing = find_missing_fields(connection, "first_rows", fields)
    if missing:
        names = ", ".join(field.name + field.consequence for field in missing)
        raise ProbeWarning(f"none of the first {count} rows has {names}", missing[0].remedy)
