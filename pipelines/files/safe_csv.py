"""CSV that no spreadsheet runs: cells made inert, quoted, and restored when they come back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files.text_stream import open_new_file, write_lines

# A spreadsheet runs a cell that begins with one of = + - @ (full-width forms too), also behind
# blanks or invisible characters. Such a cell gets one more leading quote. So does one that has such
# quotes already, or nobody could tell which ones to take away again.
FORMULA_PATTERN = r"^'*[\t\r\n]|^['\s\p{Z}\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]"


SORT_MEMORY = (
    "600MB"  # that a sort may take before it goes to disk; each of its threads needs a share
)
MAX_THREADS = 4
QUOTED_CHARACTERS = ("','", "'\"'", "chr(10)", "chr(13)")


def write_csv(
    warehouse: duckdb.DuckDBPyConnection,
    path: Path,
    sql: str,
    order: str,
    empty: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A query's rows, and empty columns behind them; what the manifest says of it. RFC 4180 with
    CRLF, UTF-8; text that a spreadsheet would run is made inert."""
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
    """One column as text. Null is empty; times are ISO 8601 in UTC."""
    if kind == "VARCHAR":
        formula = FORMULA_PATTERN.replace("'", "''")
        return (  # most are empty or begin so: those need no look at the whole pattern
            f"case when {name} = '' or {name} >= 'A' and {name} < '{{'"
            f" or {name} >= '0' and {name} < ':' then {name}"
            f" when regexp_matches({name}, '{formula}') then '''' || {name}"
            f" else {name} end as {name}"
        )
    if kind.startswith("TIMESTAMP"):
        plain = f"make_timestamp(epoch_us({name}))"  # a third of the time; infinite is null
        return f"coalesce(strftime({plain}, '%Y-%m-%dT%H:%M:%SZ'), {name}::varchar) as {name}"
    return f"{name}::varchar as {name}"


def restored_cell_sql(name: str) -> str:
    """One column of text as it was before `cell` made it inert: exactly, since whatever begins with
    a quote that could be ours got one."""
    rest = f"substr({name}, 2)"
    inert = FORMULA_PATTERN.replace("'", "''")
    return (
        f"case when starts_with({name}, chr(39)) and regexp_matches({rest}, '{inert}')"
        f" then {rest} else {name} end"
    )


def field_sql(name: str, kind: str) -> str:
    """A cell as it stands between two commas: in quotes where it must be."""
    if kind != "VARCHAR" and not kind.endswith("[]"):
        return name
    special = " or ".join(f"contains({name}, {mark})" for mark in QUOTED_CHARACTERS)
    return f"case when {special} then '\"' || replace({name}, '\"', '\"\"') || '\"' else {name} end"


def describe_file(
    path: Path, columns: list[str], rows: int | dict[str, int], digest: str = ""
) -> dict[str, Any]:
    """What a manifest says of a file. Who wrote it may know its digest already."""
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": rows, "sha256": digest, "columns": columns}
