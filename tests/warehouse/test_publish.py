"""The published file is the old one or the new one, whole, whatever happens to a sync.

Kills, signals and concurrent syncs are left to the long suite. ROLLCALL_KILLS=200 makes more than
four kills, ROLLCALL_SEED repeats a series, ROLLCALL_CROWDS=2,3,4,5 makes more than three syncs at
once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.company import company as invented
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support.all_built import statements_path
from tests.support.counted import count
from tests.support.product import Rollcall
from tests.sync.test_sync import assert_published_is_true

WORK = ".access.duckdb.work"
LONG = 180  # seconds after which something has hung
STATE = (
    "select (select max(run_id) from runs) run, (select count(*) from accounts) accounts,"
    " (select count(*) from grants) grants, (select count(*) from access_review) review"
)
READER = f"""
import json, sys, time, threading, duckdb
path, held, seen = sys.argv[1], sys.argv[2] == "held", set()
done = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
connection = duckdb.connect(path, read_only=True)
print("reading", flush=True)
while not done.wait(0.3):
    if not held:
        connection.close()
        connection = duckdb.connect(path, read_only=True)
    seen.add(connection.execute({STATE!r}).fetchone())
print(json.dumps(sorted(seen)))
"""


class Gate:
    """Holds back the answer to a request until it is opened, and tells when the request came."""

    def __init__(self, server: Server, matches: Callable[[Request], bool]) -> None:
        self.reached, self.opened = Event(), Event()
        server.faults = [Fault(matches, self._hold)]

    def _hold(self, _: Request, honest: Response | None) -> Response:
        self.reached.set()
        self.opened.wait(LONG)
        return honest or Response(503)


def state(rollcall: Rollcall) -> tuple:
    [row] = rollcall.rows(STATE)
    return tuple(row.values())


def work_of(rollcall: Rollcall) -> Path:
    return rollcall.warehouse.parent / WORK


def left(rollcall: Rollcall) -> set[str]:
    """Return what lies beside the published file; dbt's own folder counts as one thing."""
    work = work_of(rollcall)
    return {path.name for path in (*rollcall.warehouse.parent.iterdir(), *work.iterdir())}


CLEAN = {"access.duckdb", ".access.duckdb.work", "lock", "dbt"}


def too_open(folder: Path) -> list[str]:
    """Return every path below that other users could read."""
    found = []
    for path in folder.rglob("*"):
        allowed = (0o700,) if path.is_dir() else (0o600, 0o400)
        if (mode := path.lstat().st_mode & 0o7777) not in allowed:
            found.append(f"{mode:o} {path.relative_to(folder)}")
    return found


def change(rollcall: Rollcall) -> None:
    """Remove another membership of the first ones each time, to tell old and new data apart."""
    company = rollcall.sandbox.company
    pairs = sorted(invented().pingone.members)
    place = -1
    for pair in {*pairs} - company.pingone.members:
        place = pairs.index(pair)
        company.pingone.add_member(*pair)
    company.pingone.remove_member(*pairs[(place + 1) % len(pairs)])
    agent = max(company.haloitsm.agents)
    company.haloitsm.agents[agent]["isdisabled"] ^= True
    company.haloitsm.touch()


# ---- kills


# When such a file appears in the work directory or changes, with this mode if one is given
FILES: dict[str, dict[str, int | None]] = {
    "locked": {f"{WORK}/run": None},
    "copied": {f"{WORK}/run/candidate/access.duckdb": None},
    "loading": {f"{WORK}/run/candidate/access.duckdb.wal": None},
    "parsed": {f"{WORK}/dbt/partial_parse.msgpack": None},
    "building": {f"{WORK}/dbt/run/rollcall/models/marts/grants.sql": None},
    "built": {f"{WORK}/dbt/run/rollcall/models/marts/reviews/access_review.sql": None},
    "kept": {f"{WORK}/dbt/statements.json": None},
    "publishing": {f"{WORK}/run/candidate/access.duckdb": 0o400, "access.duckdb": None},
    "published": {"access.duckdb": None},
}
# Those that come only where dbt builds
OF_DBT = ("parsed", "building", "built", "kept")
# When a request like this has come
REQUESTS = {
    "the first token": ("charthop", lambda request: True),
    "half of the pages": ("pingone", lambda request: request.path.endswith("roleAssignments")),
}


def looked(rollcall: Rollcall, moment: str) -> set[tuple]:
    found = set()
    for name, mode in FILES[moment].items():
        path = rollcall.warehouse.parent / name
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        if mode in (None, stat.st_mode & 0o777):
            found.add((path, stat.st_ino, stat.st_mtime_ns))
    return found


@contextmanager
def started(rollcall: Rollcall, moment: str | float, umask: int = -1) -> Iterator[subprocess.Popen]:
    """Start a sync, and wait for this moment: seconds, or one of those above.

    A missed moment fails.
    """
    with ExitStack() as stack:
        if moment in REQUESTS:
            name, matches = REQUESTS[moment]
            gate = Gate(getattr(rollcall.sandbox, name), matches)
            stack.callback(gate.opened.set)
        if moment in OF_DBT:
            statements_path(rollcall).unlink(missing_ok=True)
        before = looked(rollcall, moment) if moment in FILES else set()
        process = rollcall.start("sync", umask=umask)
        stack.callback(process.wait)
        stack.callback(process.kill)
        end = time.monotonic() + LONG
        if moment in REQUESTS:
            assert gate.reached.wait(LONG), moment
        elif moment in FILES:
            while not looked(rollcall, moment) - before:
                assert process.poll() is None, f"{moment} never came: {process.communicate()}"
                assert time.monotonic() < end, moment
                time.sleep(0.003)
        else:
            time.sleep(moment)
        yield process


def killed(rollcall: Rollcall, moment: str | float, umask: int) -> bool:
    """Kill a sync at this moment, and return whether it had published; a half state fails."""
    change(rollcall)
    before = rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else b""
    with started(rollcall, moment, umask) as process:
        process.kill()
        process.communicate()
    assert [] == too_open(rollcall.warehouse.parent), moment
    after = rollcall.warehouse.read_bytes() if rollcall.warehouse.exists() else b""
    if before == after:
        return False
    assert_published_is_true(rollcall)
    return True


def heals(rollcall: Rollcall, umask: int) -> None:
    """Run the next sync: it publishes the vendors' data, and removes what the killed one left."""
    change(rollcall)
    process = rollcall.start("sync", umask=umask)
    said = process.communicate(timeout=LONG)
    assert 0 == process.returncode, said
    assert_published_is_true(rollcall)
    assert CLEAN == left(rollcall)
    assert [] == too_open(rollcall.warehouse.parent)
    assert 0o400 == rollcall.warehouse.stat().st_mode & 0o777


@contextmanager
def reader(rollcall: Rollcall, way: str, known: set[tuple]) -> Iterator[None]:
    """Read all the while: `held` in one connection, `opening` in a new one each time.

    Every answer must be one of the states known at the end.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", READER, str(rollcall.warehouse), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "reading\n" == child.stdout.readline()
        first = state(rollcall)
        yield
        out, err = child.communicate("", timeout=LONG)
        assert ("", 0) == (err, child.returncode)
        seen = {tuple(answer) for answer in json.loads(out)}
        assert seen <= known
        assert seen == {first} if way == "held" else len(seen) > 1
    finally:
        child.kill()
        child.wait()


def series(rollcall: Rollcall, moments: list[str | float], seed: str) -> set:
    """Kill one sync after the other, each during the recovery from the last, with readers."""
    came = set()
    known = {state(rollcall)} if rollcall.warehouse.exists() else set()
    with ExitStack() as stack:
        if known:
            stack.enter_context(reader(rollcall, "held", known))
            stack.enter_context(reader(rollcall, "opening", known))
        for number, moment in enumerate(moments):
            umask = (0o000, 0o022, 0o077)[number % 3]
            try:
                came.add(killed(rollcall, moment, umask))
                if rollcall.warehouse.exists():  # killed late, it has published
                    known.add(state(rollcall))
                if number % 10 == 9 or number == len(moments) - 1:
                    heals(rollcall, umask)
            except AssertionError as error:
                where = f"killed at {moment}, umask {umask:o}, {seed}"
                raise AssertionError(f"{where}: {error}") from error
            if rollcall.warehouse.exists():
                known.add(state(rollcall))
    return came


@pytest.mark.long
def test_a_sync_killed_at_any_moment_heals(rollcall, published, tmp_path):
    """A killed sync leaves the old file or the new one, and the next sync succeeds."""
    seed = os.environ.get("ROLLCALL_SEED") or str(time.time_ns())
    chance = random.Random(seed)
    kills = int(os.environ.get("ROLLCALL_KILLS", "4"))
    named = [*(FILES.keys() - {"parsed"}), *REQUESTS]
    later = [chance.uniform(0, published.seconds * 1.1) for _ in range(kills - len(named))]
    others = sorted({*named} - {"published"})
    chosen = chance.sample(others, min(len(others), max(kills - 2, 0)))
    moments = ["published", *chosen, *later]
    chance.shuffle(moments)
    with Sandbox() as other, ThreadPoolExecutor(2) as pool:
        old = rollcall.another(tmp_path / "old", other).has(published)
        runs = [
            pool.submit(series, old, [*moments[::2]], f"ROLLCALL_SEED={seed}"),
            # here nothing was published or parsed before
            pool.submit(series, rollcall, ["parsed", *moments[1::2]], f"ROLLCALL_SEED={seed}"),
        ]
        came = [run.result() for run in runs]
    assert {True, False} == set.union(*came)
    count("kills", kills=kills, readers=2, torn=0)


# ---- concurrent syncs


CROWDS = [int(count) for count in os.environ.get("ROLLCALL_CROWDS", "3").split(",")]


@pytest.mark.long
@pytest.mark.parametrize("crowd", CROWDS)
def test_of_several_syncs_at_once_one_proceeds(rollcall, published, crowd):
    """Of several syncs at once one proceeds, and the others exit with 75.

    The one with the lock waits for its first answer until all the others are gone.
    """
    rollcall.has(published)
    gate = Gate(rollcall.sandbox.charthop, lambda request: True)
    processes = [rollcall.start("sync", "--json") for _ in range(crowd)]
    try:
        assert gate.reached.wait(LONG)
        end = time.monotonic() + LONG
        while len(alive := [process for process in processes if process.poll() is None]) > 1:
            assert time.monotonic() < end
            time.sleep(0.05)
        gate.opened.set()
        [winner] = alive
        out, err = winner.communicate(timeout=LONG)
        told = [json.loads(process.communicate()[0]) for process in processes if process != winner]
    finally:
        gate.opened.set()
        for process in processes:
            process.kill()
            process.wait()

    won = json.loads(out)
    assert "" == err
    assert [0] + [75] * (crowd - 1) == sorted(process.returncode for process in processes)
    assert [75] * (crowd - 1) == [document["code"] for document in told]
    assert all("another run" in document["failures"][0]["why"] for document in told)
    assert 1 == rollcall.sandbox.pingone.count(contains="/as/token")
    assert_published_is_true(rollcall)
    assert won["run_id"] == rollcall.column("select max(run_id) from runs")[0]
    assert 2 == rollcall.column("select count(distinct run_id) from runs")[0]
    count("syncs at once", trials=1, syncs=crowd, wrong=0)


# ---- signals


@pytest.mark.long
def test_a_signal_ends_a_sync_and_publishes_nothing(rollcall, published, tmp_path):
    """A signal ends a sync with the signal's exit code, and nothing is published.

    It may come while a server is silent or dbt is at work. After the publishing, the sync succeeds.
    """
    told_to_go_on = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
    cases = [
        (signal.SIGTERM, "the first token", 143),
        (signal.SIGINT, "half of the pages", 130),
        (signal.SIGHUP, "building", 0 if told_to_go_on else 129),
        (signal.SIGTERM, "published", 0),
    ]

    def signalled(case: tuple[signal.Signals, str, int]) -> None:
        number, moment, code = case
        with Sandbox() as sandbox:
            own = rollcall.another(tmp_path / f"{moment} {code}", sandbox).has(published)
            with started(own, moment) as process:
                process.send_signal(number)
                out, err = process.communicate(timeout=LONG)
            where = f"{number.name} at {moment}: {out} {err}"
            assert code == process.returncode, where
            assert CLEAN - {"dbt"} == left(own) - {"dbt"}, where
            assert (code != 0) == (published.data == own.warehouse.read_bytes()), where
            assert (code != 0) == ("nothing was published" in err), where
            assert "Traceback" not in err, where

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(signalled, cases))
