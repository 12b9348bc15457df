"""Write CSV in which no spreadsheet finds a formula, and restore the cells that come back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files.text_stream import open_new_file, write_lines

# A spreadsheet runs a cell that begins with one of = + - @ (full-width forms too), also behind
# blanks or invisible characters. Such a cell gets one more leading quote. So does a cell that has
# such quotes already, because otherwise nobody could tell which quote to remove again.
FORMULA_PATTERN = r"^'*[\t\r\n]|^['\s\p{Z}\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]"

SORT_MEMORY = "600MB"  # DuckDB sorts on disk beyond it; every thread of a sort needs a share
MAX_THREADS = 4
QUOTED_CHARACTERS = ("','", "'\"'", "chr(10)", "chr(13)")


def write_csv(
    warehouse: duckdb.DuckDBPyConnection,
    path: Path,
    sql: str,
    order: str,
    empty: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Write the rows of a query, with `empty` columns after them, and return the manifest's entry.

    The file is RFC 4180 with CRLF in UTF-8; text that a spreadsheet would run gets a leading quote.
    """
    kinds = warehouse.execute(f"describe {sql}").fetchall()
    columns = [name for name, *_ in kinds] + [*empty]
    cells = ", ".join(cell_sql(f'"{name}"', kind) for name, kind, *_ in kinds)
    fields = ", ',', ".join(field_sql(f'"{name}"', kind) for name, kind, *_ in kinds)
    end = "," * len(empty) + "\r\n"
    digest = hashlib.sha256()
    with open_new_file(path) as file:

        def write(text: bytes | memoryview) -> None:
            digest.update(text)
            file.write(text)

        write((",".join(columns) + "\r\n").encode())
        rows = write_lines(
            write,
            warehouse,
            f"select concat({fields}, '{end}') from (select {cells} from ({sql})) order by {order}",
        )
    return describe_file(path, columns, rows, digest.hexdigest())


def cell_sql(name: str, kind: str) -> str:
    """Return SQL for a column as text that no spreadsheet runs; times are ISO 8601 in UTC."""
    if kind == "VARCHAR":
        formula = FORMULA_PATTERN.replace("'", "''")
        return (  # most texts are empty or begin with A-Z, a-z, 0-9: those skip the slow pattern
            f"case when {name} = '' or {name} >= 'A' and {name} < '{{'"
            f" or {name} >= '0' and {name} < ':' then {name}"
            f" when regexp_matches({name}, '{formula}') then '''' || {name}"
            f" else {name} end as {name}"
        )
    if kind.startswith("TIMESTAMP"):
        # Without a time zone, strftime takes a third of the time. It gives null for infinity.
        plain = f"make_timestamp(epoch_us({name}))"
        return f"coalesce(strftime({plain}, '%Y-%m-%dT%H:%M:%SZ'), {name}::varchar) as {name}"
    return f"{name}::varchar as {name}"


def restored_cell_sql(name: str) -> str:
    """Return SQL for the exact text that `cell_sql` was given."""
    rest = f"substr({name}, 2)"
    pattern = FORMULA_PATTERN.replace("'", "''")
    return (
        f"case when starts_with({name}, chr(39)) and regexp_matches({rest}, '{pattern}')"
        f" then {rest} else {name} end"
    )


def field_sql(name: str, kind: str) -> str:
    """Return SQL for a column of `cell_sql` as a CSV field, in quotes where RFC 4180 needs them."""
    if kind != "VARCHAR" and not kind.endswith("[]"):
        return name
    special = " or ".join(f"contains({name}, {mark})" for mark in QUOTED_CHARACTERS)
    return f"case when {special} then '\"' || replace({name}, '\"', '\"\"') || '\"' else {name} end"


def describe_file(
    path: Path, columns: list[str], rows: int | dict[str, int], digest: str = ""
) -> dict[str, Any]:
    """Return the manifest's entry for a file; a `digest` that is known saves reading the file."""
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": rows, "sha256": digest, "columns": columns}
