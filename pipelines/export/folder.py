"""What is published, as files: the review with one row per grant to decide, or another format.

The same published warehouse gives the same bytes, so nothing of the moment of export is in them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__, settings
from pipelines.export import formats
from pipelines.failures import Misconfigured, Refused
from pipelines.files.scratch import scratch
from pipelines.files.text_stream import lines_to, new_file
from pipelines.sql import quoted
from pipelines.warehouse import publish
from pipelines.warehouse.source_states import sources

DECISION = ("decision", "decision_comment", "decided_by", "decided_at")

# A spreadsheet runs a cell that begins with one of = + - @ (full-width forms too), also behind
# blanks or invisible characters. Such a cell gets one more leading quote. So does one that has such
# quotes already, or nobody could tell which ones to take away again.
FORMULA = r"^'*[\t\r\n]|^['\s\p{Z}\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]"

SPECIAL = ("','", "'\"'", "chr(10)", "chr(13)")
MEMORY = "600MB"  # that a sort may take before it goes to disk; each of its threads needs a share
THREADS = 4


def export(out: Path, allow_stale: bool = False, format: str = "review") -> dict[str, Any]:
    """Write a new dated folder below `out`; return its manifest and where it is.

    Raises Refused while a source is stale, Misconfigured where nothing is published.
    """
    with opened(settings.warehouse()) as warehouse:
        states = sources(warehouse)
        stale = [state["source_name"] for state in states if state["is_stale"]]
        if stale and not allow_stale:
            raise Refused(
                f"export: {', '.join(stale)}",
                "its last sync was not complete, so the review would show an old state of it",
                "run `rollcall sync`, or say `rollcall export --allow-stale`",
            )
        try:
            out.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (
                alone(out),
                scratch(out / ".building") as building,
                scratch(out / ".sorting") as sorting,
            ):
                warehouse.execute(f"set memory_limit = '{MEMORY}'")
                warehouse.execute(f"set threads = {min(THREADS, os.cpu_count() or THREADS)}")
                warehouse.execute(f"set temp_directory = {quoted(str(sorting))}")
                read = [state["source_name"] for state in states if state["as_of"]]
                manifest = {
                    "rollcall": __version__,
                    "format": format,
                    "stale_accepted": stale,
                    "sources": states,
                    "files": [*formats.written(format, warehouse, building, read)],
                }
                write(building / "manifest.json", json.dumps(manifest, indent=2) + "\n")
                folder = take_place(building, out)
        except OSError as error:
            raise publish.unwritable(out, error, "check the disk, or say --out") from None
    return {"folder": str(folder), **manifest}


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """One export at a time into this folder: the next one waits, and tidies up after a dead one."""
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """The published file, for reading. Raises Misconfigured where there is none."""
    if not path.exists():
        raise Misconfigured(str(path), "nothing is published there yet", "run `rollcall sync`")
    publish.must_be_ours(path)
    return duckdb.connect(str(path), read_only=True)


def write_review(warehouse: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    """The table of that name, and empty columns for the decision; what the manifest says of it."""
    return write_csv(
        warehouse,
        path,
        "from access_review",
        "account_id, entitlement_id, scope_id nulls first, grant_id",
        DECISION,
    )


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
    cells = ", ".join(cell(f'"{name}"', kind) for name, kind, *_ in kinds)
    fields = ", ',', ".join(field(f'"{name}"', kind) for name, kind, *_ in kinds)
    end = "," * len(empty) + "\r\n"
    digest = hashlib.sha256()
    with new_file(path) as file:

        def write(text: bytes | memoryview) -> None:
            digest.update(text)
            file.write(text)

        write((",".join(columns) + "\r\n").encode())
        rows = lines_to(
            write,
            warehouse,
            f"select concat({fields}, '{end}') from (select {cells} from ({sql})) order by {order}",
        )
    return described(path, columns, rows, digest.hexdigest())


def cell(name: str, kind: str) -> str:
    """One column as text. Null is empty; times are ISO 8601 in UTC."""
    if kind == "VARCHAR":
        formula = FORMULA.replace("'", "''")
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


def undone(name: str) -> str:
    """One column of text as it was before `cell` made it inert: exactly, since whatever begins with
    a quote that could be ours got one."""
    rest = f"substr({name}, 2)"
    inert = FORMULA.replace("'", "''")
    return (
        f"case when starts_with({name}, chr(39)) and regexp_matches({rest}, '{inert}')"
        f" then {rest} else {name} end"
    )


def field(name: str, kind: str) -> str:
    """A cell as it stands between two commas: in quotes where it must be."""
    if kind != "VARCHAR" and not kind.endswith("[]"):
        return name
    special = " or ".join(f"contains({name}, {mark})" for mark in SPECIAL)
    return f"case when {special} then '\"' || replace({name}, '\"', '\"\"') || '\"' else {name} end"


def described(
    path: Path, columns: list[str], rows: int | dict[str, int], digest: str = ""
) -> dict[str, Any]:
    """What a manifest says of a file. Who wrote it may know its digest already."""
    if not digest:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": rows, "sha256": digest, "columns": columns}


def write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def take_place(building: Path, out: Path) -> Path:
    """Rename to a dated folder that did not exist: two exports in one second are two folders."""
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    for number in range(1, 1000):
        folder = out / (stamp if number == 1 else f"{stamp}-{number}")
        if not (folder.exists() or folder.is_symlink()):
            return building.rename(folder)
    raise FileExistsError(f"{out}/{stamp}")
