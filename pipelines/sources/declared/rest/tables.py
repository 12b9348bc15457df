"""Turn JSON objects into a table with one column per field, whatever row has it first.

A column is text. A field that has objects or lists only is JSON, so that a mapping can look into
it. The rows of the whole list decide that, never those of a page.
"""

from __future__ import annotations

import pyarrow as pa

from pipelines.failures import Misconfigured, Refused
from pipelines.sources.declared.read_tables import ReadTables, name
from pipelines.sources.raw_rows import SCHEMA
from pipelines.sql import quote

FIELDS = """
select
    field.key,
    bool_and(field.type in ('OBJECT', 'ARRAY', 'NULL')) and bool_or(field.type <> 'NULL')
from arrow_rows, json_each(arrow_rows.payload::json) as field
group by field.key
order by min((arrow_rows.number, field.id))
"""


def add_rows(
    into: ReadTables, table: str, rows: pa.Table | None, optional: list[str], before: list[str]
) -> list[str]:
    """Fill a table from rows of raw payloads, and return the names of its fields.

    `optional` are fields that it has in any case. A list without rows has the fields of `before`.
    """
    connection = into.connection
    given = SCHEMA.empty_table() if rows is None else rows
    numbers = pa.array(range(given.num_rows), pa.int64())  # threads of DuckDB lose the order
    connection.register("arrow_rows", given.append_column("number", numbers))
    try:
        with into.name_failures(table, "report it to the vendor"):
            found = dict(connection.execute(FIELDS).fetchall())
        names = [*found] or before
        names = [*dict.fromkeys([*names, *optional])]
        _refuse_wrong_names(into, table, names)
        columns = ", ".join(
            f"(payload::json ->> {quote(_point_to(field))}){'::json' * bool(found.get(field))}"
            f" as {name(field)}"
            for field in names
        )
        into.add_select(table, f"select {columns} from arrow_rows")
    finally:
        connection.unregister("arrow_rows")
    return names


def _point_to(field: str) -> str:
    """Return a JSON pointer (RFC 6901), which can name any field."""
    return "/" + field.replace("~", "~0").replace("/", "~1")


def _refuse_wrong_names(into: ReadTables, table: str, names: list[str]) -> None:
    if not names:
        where = f"{into.system.path} resources {table}"
        why = "its list is empty, so nothing says which fields it has"
        raise Misconfigured(where, why, 'name those of the mapping: optional = ["id", …]')
    seen: dict[str, str] = {}
    for field in names:
        if (other := seen.setdefault(field.casefold(), field)) != field:
            why = f"its rows have the fields {other} and {field}, which SQL cannot tell apart"
            raise Refused(f"{into.what}: {table}", why, "ask the API for fewer fields, or one name")
