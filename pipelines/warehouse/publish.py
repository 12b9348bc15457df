"""The published file: a private copy is built aside and takes its place by one rename.

Nobody ever writes to the file that analysts have open, so readers and the writer never wait for
each other, and whatever dies before the rename leaves no trace in it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from pipelines.failures import Locked, Misconfigured, StorageFailed
from pipelines.files.scratch import INTERRUPTS, scratch
from pipelines.files.text_stream import sync_to_disk

SPARE_BYTES = 64 * 2**20  # bytes that must be free besides three times the published file


@contextmanager
def lock_warehouse(warehouse: Path) -> Iterator[Path]:
    """The one writer's work directory, emptied of what dead runs left. Raises Locked at once if
    somebody else is the writer: the kernel frees the lock of a process that died."""
    home = warehouse.parent / f".{warehouse.name}.work"
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.mkdir(exist_ok=True, mode=0o700)
        home.chmod(0o700)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise storage_failure(home, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                str(warehouse), "another run is writing it", "wait for it; cron will come again"
            ) from None
        except OSError as error:
            raise StorageFailed(
                str(home), f"it cannot be locked ({error.strerror})", "use a local file system"
            ) from None
        with ExitStack() as stack:
            try:  # always the same place: dbt parses anew whenever a path changes
                work = stack.enter_context(scratch(home / "run"))
            except OSError as error:
                raise storage_failure(home / "run", error) from None
            yield work
    finally:
        os.close(lock)


def open_candidate(warehouse: Path, work: Path) -> Path:
    """A private, writable copy of the published file; a new database if there is none yet.

    It keeps the file's name, since DuckDB names the catalog after it.
    """
    copy = work / "candidate" / warehouse.name
    try:
        copy.parent.mkdir(mode=0o700)
        if not warehouse.exists():
            return copy
        must_be_ours(warehouse)
        free = shutil.disk_usage(work).free
        size = warehouse.stat().st_size
        if free < 3 * size + SPARE_BYTES:
            raise StorageFailed(
                str(work),
                f"{free >> 20} MiB are free, {(3 * size + SPARE_BYTES) >> 20} MiB are needed",
                "free some space",
            )
        shutil.copyfile(warehouse, copy)
        copy.chmod(0o600)
    except OSError as error:
        raise storage_failure(copy, error) from None
    must_be_sound(copy, warehouse)
    return copy


@contextmanager
def amend_published(warehouse: Path) -> Iterator[Path]:
    """A copy of the published file to write into; it is published when the block ends well, and
    gone when it does not. Its folder's parent is where dbt may work. Raises Locked."""
    with lock_warehouse(warehouse) as work:
        copy = open_candidate(warehouse, work)
        yield copy
        publish(copy, warehouse)


def must_be_ours(warehouse: Path) -> None:
    """Raise unless the file is a sound DuckDB database that Rollcall has written."""
    no_wal_beside(warehouse)
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found = connection.execute(
                "select count(*) from duckdb_tables()"
                " where schema_name = 'main' and table_name in ('runs', 'run_resources')"
            ).fetchone()
    except duckdb.Error as error:
        raise StorageFailed(
            str(warehouse),
            f"it cannot be opened as a DuckDB file ({str(error).splitlines()[0][:120]})",
            "restore it, or move it away and run `rollcall sync`",
        ) from None
    if found != (2,):
        raise Misconfigured(
            str(warehouse),
            "it is a DuckDB file of something else: it has no table `runs`",
            "set WAREHOUSE to a path of its own",
        )


def must_be_sound(copy: Path, warehouse: Path) -> None:
    """Read every row once, so that DuckDB checks every block: it does so only when it reads one,
    and what is not read now would be found damaged in the middle of a sync, or be carried on."""
    try:
        with duckdb.connect(str(copy), read_only=True) as connection:
            for table in connection.execute(
                'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables()'
            ).fetchall():
                connection.execute(f"select bit_xor(hash(line)) from {table[0]} as line")
    except duckdb.Error as error:
        raise StorageFailed(
            str(warehouse),
            f"it is damaged ({str(error).splitlines()[0][:120]})",
            "restore it, or move it away and run `rollcall sync`",
        ) from None


def no_wal_beside(warehouse: Path) -> None:
    """A write-ahead log there would be replayed into the file that takes this one's place."""
    log = warehouse.with_name(warehouse.name + ".wal")
    if log.exists():
        raise StorageFailed(
            str(log),
            "somebody has opened the published file for writing",
            "let them close it (analysts open it with -readonly), then remove the .wal file",
        )


def publish(copy: Path, warehouse: Path) -> None:
    """Put the finished copy in the place of the published file, durably, in one step."""
    try:
        with duckdb.connect(str(copy)) as connection:
            connection.execute("checkpoint")
        if copy.with_name(copy.name + ".wal").exists():
            raise StorageFailed(str(copy), "it is not closed", "run `rollcall sync` again")
        no_wal_beside(warehouse)
        copy.chmod(0o400)
        sync_to_disk(copy)
        _let_signals_pass()
        copy.replace(warehouse)
        sync_to_disk(warehouse.parent)
    except OSError as error:
        raise storage_failure(warehouse, error) from None


def set_aside(copy: Path, warehouse: Path) -> Path:
    """Keep a candidate that was refused, for a look, in the place of the one before it."""
    place = refused_path(warehouse)
    place.parent.mkdir(exist_ok=True, mode=0o700)
    copy.replace(place)
    return place


def refused_path(warehouse: Path) -> Path:
    """Where a candidate that was refused is kept, until the next sync that publishes."""
    return warehouse.parent / f".{warehouse.name}.work" / "refused" / warehouse.name


def forget_refused(warehouse: Path) -> None:
    shutil.rmtree(refused_path(warehouse).parent, ignore_errors=True)


def storage_failure(
    path: Path, error: OSError, next: str = "check the disk, or set WAREHOUSE"
) -> StorageFailed:
    return StorageFailed(str(path), (error.strerror or str(error)).lower(), next)


def _let_signals_pass() -> None:
    """From here on it is too late to be interrupted: to say so would be untrue."""
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTS:
            signal.signal(number, signal.SIG_IGN)


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """The published file, for reading. Raises Misconfigured where there is none."""
    if not path.exists():
        raise Misconfigured(str(path), "nothing is published there yet", "run `rollcall sync`")
    must_be_ours(path)
    return duckdb.connect(str(path), read_only=True)
