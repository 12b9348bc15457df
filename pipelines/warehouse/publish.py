"""The published file: a command builds a private copy, then replaces the file by one rename.

Before the rename the copy is called the candidate. No command writes to the file that analysts have
open, so readers and the writer never wait for each other. A process that dies before the rename
leaves the published file unchanged.
"""

from __future__ import annotations

import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.failures import Locked, Misconfigured, StorageFailed, storage_failure
from pipelines.files.lock import exclusive_by_name
from pipelines.files.scratch import INTERRUPTS, scratch
from pipelines.files.text_stream import sync_to_disk
from pipelines.redact import redact_text
from pipelines.spark.store import list_generations, remove_generations
from pipelines.sql import has_table
from pipelines.warehouse.on_spark import views
from pipelines.warehouse.version import must_not_be_newer

MAX_REASON = 2000  # characters of DuckDB's own message that are shown
HEADER_BYTES = 3 * 4096  # before the first block of a DuckDB file
SPARE_BYTES = 64 * 2**20  # must be free besides three times the published file's size
HELD = re.compile(r"lock is held in (.+?) \(PID (\d+)\)")
READ_ONLY = "analysts open the file with -readonly"
NEXT_DISK = "check the disk, or set WAREHOUSE"
RESTORE = "restore the file, or move it away and run `rollcall sync`"


@dataclass(frozen=True)
class Workspace:
    """A private copy of the published file, and the folder where dbt may work."""

    copy: Path
    dbt_home: Path


@contextmanager
def lock_warehouse(warehouse: Path) -> Iterator[Path]:
    """Yield an empty folder for the one process that writes, without files of dead runs.

    Raises Locked at once if another process is writing.
    """
    home = _work_home(warehouse)
    with ExitStack() as stack:
        try:
            warehouse.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            home.mkdir(exist_ok=True, mode=0o700)
            home.chmod(0o700)
            stack.enter_context(exclusive_by_name(home / "lock"))
            # always the same path, because dbt parses everything again when a path changes
            work = stack.enter_context(scratch(home / "run"))
        except BlockingIOError as error:
            raise Locked(
                str(warehouse),
                f"another run is writing it: {error.strerror}",
                "wait until the other run ends",
            ) from None
        except OSError as error:
            remedy = "check the disk, or set WAREHOUSE to a path on a local file system"
            raise storage_failure(home, error, remedy) from None
        yield work


def open_candidate(warehouse: Path, work: Path) -> Path:
    """Return the path for a private copy of the published file, and copy the file if it exists.

    The copy keeps the file's name, because DuckDB names the catalog after it.
    """
    copy = work / "candidate" / warehouse.name
    try:
        copy.parent.mkdir(mode=0o700)
        if not warehouse.exists():
            return copy
        open_published(warehouse).close()
        free = shutil.disk_usage(work).free
        needed = 3 * warehouse.stat().st_size + SPARE_BYTES
        if free < needed:
            raise StorageFailed(
                str(work),
                f"{free >> 20} MiB are free, {needed >> 20} MiB are needed",
                "free some space",
            )
        shutil.copyfile(warehouse, copy)
        copy.chmod(0o600)
    except OSError as error:
        raise storage_failure(copy, error, NEXT_DISK) from None
    must_be_sound(copy, warehouse)
    return copy


@contextmanager
def amend_published(warehouse: Path) -> Iterator[Workspace]:
    """Yield a copy of the published file to write into, and publish the copy if the block succeeds.
    If the block fails, the copy is deleted. Raises Locked."""
    with lock_warehouse(warehouse) as work:
        copy = open_candidate(warehouse, work)
        yield Workspace(copy, work.parent)
        publish(copy, warehouse)


def must_be_sound(copy: Path, warehouse: Path) -> None:
    """Raise if any block of the copy is damaged.

    DuckDB checks a block only when it reads the block, so this reads all rows. Damage would
    otherwise end a sync halfway, or be published again. A last block that has no rows is not read,
    but without an end it is no whole block.
    """
    try:
        with duckdb.connect(str(copy), read_only=True) as connection:
            block = connection.execute("from pragma_database_size()").fetchone()[2]
            if (copy.stat().st_size - HEADER_BYTES) % block:
                raise duckdb.IOException("the file ends within a block")
            for (table,) in connection.execute(
                'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables()'
            ).fetchall():
                connection.execute(f"select bit_xor(hash(line)) from {table} as line")
    except duckdb.Error as error:
        reason = f"it is damaged ({redact_text(error, MAX_REASON)})"
        raise StorageFailed(str(warehouse), reason, RESTORE) from None


def must_have_no_wal(warehouse: Path) -> None:
    """Raise if a write-ahead log exists, because DuckDB would replay it into the next file."""
    log = warehouse.with_name(warehouse.name + ".wal")
    if log.exists():
        try:
            duckdb.connect(str(warehouse), read_only=True).close()
        except duckdb.Error as error:
            if HELD.search(str(error)):
                raise _opening_failure(warehouse, error) from None
        raise StorageFailed(
            str(log),
            "a program that has opened the published file for writing left it",
            f"close the file there ({READ_ONLY}), then remove the .wal file",
        )


def publish(copy: Path, warehouse: Path) -> None:
    """Replace the published file by the finished copy, durably, in one step."""
    try:
        with duckdb.connect(str(copy)) as connection:
            connection.execute("checkpoint")
        if copy.with_name(copy.name + ".wal").exists():
            raise StorageFailed(str(copy), "it is still open", "run `rollcall sync` again")
        must_have_no_wal(warehouse)
        kept = _find_kept_generations(copy, warehouse)
        copy.chmod(0o400)
        sync_to_disk(copy)
        _ignore_signals()
        copy.replace(warehouse)
        sync_to_disk(warehouse.parent)
        remove_generations(_work_home(warehouse), kept)
    except OSError as error:
        raise storage_failure(warehouse, error, NEXT_DISK) from None


def _find_kept_generations(copy: Path, warehouse: Path) -> set[str]:
    """Return the generations that stay once the copy is published. Those of the file that it
    replaces are among them, because somebody may have that file open."""
    begun = list_generations(_work_home(warehouse))
    try:
        # only if there are some: another program may have the file open for writing
        return begun and views.read_generations(copy, warehouse, refused_path(warehouse))
    except duckdb.Error:
        return begun


def keep_refused(copy: Path, warehouse: Path) -> Path:
    """Keep a refused candidate for inspection, instead of an earlier one; return its path."""
    place = refused_path(warehouse)
    place.parent.mkdir(exist_ok=True, mode=0o700)
    return copy.replace(place)


def refused_path(warehouse: Path) -> Path:
    """Return the path where a refused candidate is kept until the next sync that publishes."""
    return _work_home(warehouse) / "refused" / warehouse.name


def remove_refused(warehouse: Path) -> None:
    shutil.rmtree(refused_path(warehouse).parent, ignore_errors=True)


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published file for reading. Raises Misconfigured if there is no published file, or
    if the file is no warehouse of Rollcall or one of a newer Rollcall."""
    if not path.exists():
        raise Misconfigured(str(path), "nothing is published there yet", "run `rollcall sync`")
    must_have_no_wal(path)
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(duckdb.connect(str(path), read_only=True))
            is_ours = has_table(connection, "runs") and has_table(connection, "run_resources")
            must_not_be_newer(connection, path)
        except duckdb.Error as error:
            raise _opening_failure(path, error) from None
        if not is_ours:
            raise Misconfigured(
                str(path),
                "it is not a warehouse of Rollcall: it has no table `runs`",
                "set WAREHOUSE to another path",
            )
        stack.pop_all()
    return connection


def _work_home(warehouse: Path) -> Path:
    return warehouse.parent / f".{warehouse.name}.work"


def _opening_failure(path: Path, error: duckdb.Error) -> StorageFailed:
    """Return the failure for a file that DuckDB cannot open, with DuckDB's whole reason.

    A file that another program has open, or that we may not read, is not damaged. The remedy for
    such a file is never to replace the file.
    """
    text = str(error)
    if held := HELD.search(text):
        program, process = held.groups()
        why = f"another program has it open for writing: {program} (PID {process})"
        return StorageFailed(str(path), why, f"close the file there ({READ_ONLY}), then try again")
    why = f"it cannot be opened as a DuckDB file ({redact_text(text, MAX_REASON)})"
    if "set lock" in text:  # more than "lock": messages about damage have the word "block"
        remedy = f"close the file in the other program ({READ_ONLY}), then try again"
    elif "Permission denied" in text:
        remedy = "run the command as the user who owns the file"
    else:
        remedy = RESTORE
    return StorageFailed(str(path), why, remedy)


def _ignore_signals() -> None:
    """Ignore interrupts from now on: the message "nothing was published" would be untrue."""
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTS:
            signal.signal(number, signal.SIG_IGN)
