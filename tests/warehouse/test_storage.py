"""Faults of disks and files end with exit code 6, and nothing published is lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.failures import StorageFailed
from pipelines.warehouse import publish
from tests.sandbox.server import Fault, Request, Response
from tests.support.other_clock import date_newest_run
from tests.support.product import Rollcall, keep_process_state
from tests.sync.test_sync import assert_published_is_true
from tests.warehouse.test_publish import CLEAN, change, left

MIB = 2**20
HEADERS, BLOCK = 3 * 4096, 256 * 1024  # of a DuckDB file


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a small file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs the right to mount a small disk: {error}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave_free(folder: Path, size: int) -> Path:
    """Write a file that leaves so many bytes of the disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while (rest := os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - size) > 0:
            file.write(bytes(min(MIB, rest)))
    return filler


def fills(disk: Path, size: int) -> Fault:
    """Fill the disk while the first answer is on its way."""

    def effect(_: Request, honest: Response | None) -> Response:
        leave_free(disk, size)
        return honest or Response(503)

    return Fault(lambda request: True, effect)


def on(disk: Path, rollcall: Rollcall) -> Rollcall:
    rollcall.warehouse = disk / "data" / "access.duckdb"
    rollcall.environment |= {"WAREHOUSE": str(rollcall.warehouse)}
    return rollcall


def refused(rollcall: Rollcall, *words: str) -> None:
    """Run a sync that ends with 6 and these words, and keeps the published bytes."""
    before = rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else None
    result = rollcall.run("sync")
    assert 6 == result.code, result.err
    for word in words:
        assert word in result.err
    assert before == (rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else None)


@pytest.mark.long
def test_a_full_disk_loses_nothing_and_heals(rollcall, published, disk):
    """A disk that fills up loses nothing that was published, and the next sync succeeds.

    It fills up during the read, the parse and the build; then somebody frees space.
    """
    on(disk, rollcall).has(published)
    change(rollcall)
    for size in (0, 3 * MIB, 8 * MIB):
        rollcall.sandbox.charthop.faults = [fills(disk, size)]
        refused(rollcall, "no space left on device", "free some space")
        (disk / "filler").unlink()
        assert CLEAN - {"dbt"} == left(rollcall) - {"dbt"}

    rollcall.sync()
    assert_published_is_true(rollcall)


def test_too_little_room_is_told_before_anything_is_asked(rollcall, published, disk):
    """Too little space is reported before the first request."""
    on(disk, rollcall).has(published)
    leave_free(disk, 4 * len(published.data))

    refused(rollcall, "MiB are needed", "free some space")
    assert not rollcall.sandbox.charthop.log


def test_a_first_run_on_a_full_disk_leaves_nothing(rollcall, disk):
    """A first run on a full disk leaves no warehouse."""
    on(disk, rollcall)
    for size in (0, 2 * MIB):
        filler = leave_free(disk, size)
        refused(rollcall)
        filler.unlink()
        assert [] == [path for path in disk.rglob("*.duckdb*") if path.name == "access.duckdb"]


LIMITED = """
import duckdb, resource, sys
from pipelines.failures import explain
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
try:
    rows = "select md5(range::text) from range(1_000_000)"
    duckdb.connect(sys.argv[1]).execute(f"create table large as {rows}")
except duckdb.Error as error:
    print(explain(error))
"""


def test_a_limit_on_the_size_of_a_file_is_told_like_a_full_disk(tmp_path):
    """A limit on the size of a file is reported like a full disk."""
    told = subprocess.check_output([sys.executable, "-c", LIMITED, tmp_path / "x"], text=True)

    assert "storage: file too large\n" == told


# ---- damage


@pytest.mark.parametrize("size", [0, 1000, 5 * MIB, -1])
def test_a_published_file_that_was_cut_is_left_alone(rollcall, published, size):
    """A truncated published file is refused and left unchanged."""
    rollcall.has(published)
    os.truncate(rollcall.warehouse, size if size >= 0 else len(published.data) - 1)

    refused(rollcall, str(rollcall.warehouse), "restore the file")


def test_one_flipped_bit_in_any_table_is_found(rollcall, published):
    """One flipped bit in any table is found before anything is built on it."""
    rollcall.has(published)
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() order by 1"
        ).fetchall()
        first = {}
        for (name,) in names:
            blocks = connection.execute(
                f"select max(block_id) from pragma_storage_info('{name}') where block_id > 0"
            ).fetchone()
            first[name] = blocks[0]
    tables = ("main.grants", "main.grants_history", "raw_pingone.users", "main.runs")
    flips = {name: HEADERS + first[name] * BLOCK + 5000 for name in tables}
    assert all(flips.values())

    for place in (*flips.values(), 20, HEADERS + 77):  # also the header, and the catalog
        damaged = bytearray(published.data)
        damaged[place] ^= 1
        rollcall.warehouse.chmod(0o600)
        rollcall.warehouse.write_bytes(damaged)
        refused(rollcall, str(rollcall.warehouse), "restore the file")
        assert not rollcall.sandbox.charthop.log

    damaged = bytearray(published.data)
    damaged[flips["main.grants"]] ^= 1
    rollcall.warehouse.write_bytes(damaged)
    result = rollcall.run("export")
    assert (6, True) == (result.code, "damaged" in result.err), result.err


HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
if sys.argv[2] == "writes":
    connection.execute("create table main.scratch as select 1 as one")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("does", ["nothing", "writes"])
@pytest.mark.parametrize("command", ["sync", "status", "export"])
def test_another_program_that_holds_it_is_named(rollcall, published, does, command):
    """A warehouse that another program has open is refused with its PID, and stays where it is."""
    rollcall.has(published)
    rollcall.warehouse.chmod(0o600)
    arguments = [sys.executable, "-c", HOLD, str(rollcall.warehouse), does]
    with subprocess.Popen(arguments, stdin=-1, stdout=-1, text=True) as other:
        assert "open" == other.stdout.readline().strip()
        result = rollcall.run(command, "--json")
        other.stdin.close()

    [failure] = result.document["failures"]
    assert 6 == result.code, failure
    assert failure["why"].startswith("another program has it open for writing: ")
    assert failure["why"].endswith(f"(PID {other.pid})")
    assert "move" not in failure["next"] and "-readonly" in failure["next"]


def test_the_whole_reason_of_duckdb_is_shown(rollcall, tmp_path):
    """A file that is no warehouse is refused with all that DuckDB says about it."""
    rollcall.warehouse = tmp_path / ("long" * 30) / "access.duckdb"
    rollcall.warehouse.parent.mkdir()
    rollcall.warehouse.write_text("not a database" * 1000)
    result = rollcall.run("status", WAREHOUSE=str(rollcall.warehouse))

    assert (6, True) == (result.code, "not a valid DuckDB database file" in result.err), result.err


# ---- the clock


@pytest.mark.long
def test_a_clock_that_has_gone_back_loses_no_history(rollcall, published):
    """A clock that was set back loses no history.

    The last run is four minutes ahead, and a removal of now is dated after that run.
    """
    rollcall.has(published)
    date_newest_run(rollcall, timedelta(minutes=4))
    user, group = min(rollcall.sandbox.company.pingone.members)
    change(rollcall)

    rollcall.sync("pingone")

    closed = f"grant_id = 'pingone:user:{user}/pingone:group:{group}:member'"
    assert [True] == rollcall.column(
        f"select valid_to > valid_from from grants_history where {closed}"
    )
    assert "removed" in rollcall.column(
        "select event from grants_between("
        " (select min(started_at) from runs), (select max(started_at) from runs)"
        f") where {closed}"
    )
    assert 2 == len({*rollcall.column("select run_id from runs")})
    assert {False} == {*rollcall.column("select is_stale from source_states")}


# ---- the lock


def test_whoever_is_locked_out_is_told_by_whom(rollcall, published):
    """Exit code 75 says which process holds the lock, and since when."""
    rollcall.has(published)
    with publish.lock_warehouse(rollcall.warehouse):
        ended = rollcall.run("sync")

    assert 75 == ended.code
    assert re.search(rf"process {os.getpid()} since \d{{4}}-\d\d-\d\d \d\d:\d\d", ended.err)


def test_a_run_ends_at_its_own_deadline(rollcall, published):
    """All sources together are read for SYNC__MAX_HOURS at most; the old data stays published."""
    rollcall.has(published)

    ended = rollcall.run("sync", SYNC__MAX_HOURS="0")

    assert (4, True) == (ended.code, "set SYNC__MAX_HOURS" in ended.err)
    assert not any(server.log for server in rollcall.sandbox.servers.values())


# ---- the rename


def test_the_new_file_is_on_disk_before_it_takes_its_place(rollcall, monkeypatch, tmp_path):
    """The new file is on disk before it takes the old one's place.

    fsync of the file, rename, fsync of the folder: a power cut shows what a kill cannot.
    """
    copy, warehouse = tmp_path / "candidate.duckdb", tmp_path / "access.duckdb"
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create table runs (run_id varchar)")
    steps, fsync, replace = [], os.fsync, os.replace

    def synced(handle: int) -> None:
        steps.append(("fsync", os.fstat(handle).st_ino))
        fsync(handle)

    def renamed(old: Path, new: Path) -> None:
        steps.append(("rename", old.stat().st_ino))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    with keep_process_state():
        publish.publish(copy, warehouse)

    file, folder = warehouse.stat().st_ino, tmp_path.stat().st_ino
    assert [("fsync", file), ("rename", file), ("fsync", folder)] == steps


def test_a_write_ahead_log_stops_the_rename(tmp_path):
    """A write-ahead log that appears during a sync stops the rename.

    It would be replayed into the new file: another program has the old one open for writing.
    """
    copy, warehouse = tmp_path / "candidate.duckdb", tmp_path / "access.duckdb"
    duckdb.connect(str(copy)).close()
    warehouse.write_text("old")
    warehouse.with_name("access.duckdb.wal").touch()

    with keep_process_state(), pytest.raises(StorageFailed, match=r"\.wal"):
        publish.publish(copy, warehouse)

    assert "old" == warehouse.read_text()
