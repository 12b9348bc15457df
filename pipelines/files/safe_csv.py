"""Write CSV in which no spreadsheet finds a formula, and restore the cells that come back.

A spreadsheet runs a cell if its first visible character is a sign such as `=`. A program that
splits at `;`, or that ignores quotes, also finds cells inside a text. Rollcall therefore puts a
single quote wherever a program may find such a cell. Text that already has a quote there gets one
more, because otherwise nobody could tell which quote to remove again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files.text_stream import open_new_file, write_lines

SIGNS = r"[=+\-@＝＋－＠]"
SEPARATORS = r"[,;|\t\r\n]"  # between cells or rows, in some program
UNSEEN = r"[\x00-\x08\x0b\x0c\x0e-\x20\x7f-\x{9f}\p{Z}\p{Cf}\x22\x27]*"  # includes quotes
# Our quote goes between the first and the second group.
FORMULA = f"(^|{SEPARATORS})({UNSEEN}{SIGNS})"
LEADING_BREAK = r"(^)(\x27*[\t\r\n])"
# Matches a row (its cells joined by `;`) that may have a formula, or a character other than a comma
# that needs quotes in RFC 4180. Most rows do not match, so one test replaces a test of each cell.
ODD_ROW = rf"[\x22\r\n]|{SEPARATORS}(?:{UNSEEN}{SIGNS}|\x27*\t)"

SORT_MEMORY = "600MB"  # DuckDB sorts on disk beyond it; every thread of a sort needs a share
MAX_THREADS = 4


def write_csv(
    warehouse: duckdb.DuckDBPyConnection,
    path: Path,
    sql: str,
    order: str,
    empty: tuple[str, ...] = (),
    header: Sequence[str] = (),
) -> dict[str, Any]:
    """Write the rows of a query, followed by `empty` columns; return the file's manifest entry.

    The file is RFC 4180 with CRLF in UTF-8; text that a spreadsheet would run gets a leading quote.
    Without a `header`, the columns have the names of the query.
    """
    kinds = [(name, kind) for name, kind, *_ in warehouse.execute(f"describe {sql}").fetchall()]
    columns = [*header] or [name for name, _ in kinds] + [*empty]
    digest = hashlib.sha256()
    with open_new_file(path) as file:

        def write(text: bytes | memoryview) -> None:
            digest.update(text)
            file.write(text)

        write(_header_line(warehouse, columns))
        lines = lines_sql(kinds, f"({sql})", end="," * len(empty))
        rows = write_lines(write, warehouse, f"select line from ({lines}) order by {order}")
    return describe_file(path, columns, rows, digest.hexdigest())


def _header_line(warehouse: duckdb.DuckDBPyConnection, names: list[str]) -> bytes:
    """Return the header. Its names may be a vendor's, so they are made safe like every cell."""
    kinds = [(f"name_{place}", "VARCHAR") for place, _ in enumerate(names)]
    cells = ", ".join(f"? as {column}" for column, _ in kinds)
    [(line,)] = warehouse.execute(
        f"select line from ({lines_sql(kinds, f'(select {cells})')})", names
    ).fetchall()
    return line.encode()


def lines_sql(
    columns: Sequence[tuple[str, str]], rows: str, end: str = "", others: str = "null as nothing"
) -> str:
    """Return SQL that makes the cells of a table safe, and adds each row as a `line` of CSV.

    `columns` are names and types; `others` are columns of the table that do not become cells.
    """
    made = ", ".join(f'{_text_sql(name, kind)} as "{name}"' for name, kind in columns)
    names = [f'"{name}"' for name, _ in columns]
    texts = [f'"{name}"' for name, kind in columns if "VARCHAR" in kind or kind.endswith("[]")]
    safe = ", ".join(
        f"case when is_odd then {safe_sql(name)} else {name} end as {name}" for name in texts
    )
    fields = ", ',', ".join(_field_sql(name) if name in texts else name for name in names)
    odd = f"regexp_matches(concat_ws(';', '', {', '.join(texts)}), '{ODD_ROW}')"
    return (
        f"select *, concat({fields}, '{end}\r\n') as line from (select * replace ({safe}) from ("
        f"select *, {odd} as is_odd from (select {made}, {others} from {rows})))"
    )


def safe_sql(name: str) -> str:
    """Return SQL that puts our quote before everything in a text that may be run as a formula."""
    for pattern in (FORMULA, LEADING_BREAK):
        name = f"regexp_replace({name}, '{pattern}', '\\1''\\2', 'g')"
    return name


def restored_sql(name: str, is_typed: bool = False) -> str:
    """Return SQL that removes our quotes, which gives the exact text that `safe_sql` was given.

    `is_typed` means that a person typed the text, so only a quote at its beginning is ours.
    """
    text = name
    for pattern in (LEADING_BREAK, FORMULA.replace(SEPARATORS, "^") if is_typed else FORMULA):
        quoted = pattern.replace(")(", r")\x27(", 1)
        text = f"regexp_replace({text}, '{quoted}', '\\1\\2', 'g')"
    return f"case when contains({name}, chr(39)) then {text} else {name} end"


def _text_sql(name: str, kind: str) -> str:
    """Return SQL for a column as text; times are ISO 8601 in UTC."""
    name = f'"{name}"'
    if kind.startswith("TIMESTAMP"):
        # Without a time zone, strftime takes a third of the time. It gives null for infinity.
        plain = f"make_timestamp(epoch_us({name}))"
        return f"coalesce(strftime({plain}, '%Y-%m-%dT%H:%M:%SZ'), {name}::varchar)"
    return name if kind == "VARCHAR" else f"{name}::varchar"


def _field_sql(name: str) -> str:
    """Return SQL for a safe cell as a CSV field, in quotes where RFC 4180 needs them."""
    marks = " or ".join(f"contains({name}, {mark})" for mark in ("'\"'", "chr(10)", "chr(13)"))
    return (
        f"case when contains({name}, ',') or is_odd and ({marks})"
        f" then '\"' || replace({name}, '\"', '\"\"') || '\"' else {name} end"
    )


def describe_file(
    path: Path, columns: list[Any], rows: int | dict[str, int], digest: str = ""
) -> dict[str, Any]:
    """Return the manifest's entry for a file. Passing a known `digest` saves reading the file."""
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": rows, "sha256": digest, "columns": columns}
