"""Shared fixtures: one invented company behind three servers, and Rollcall pointed at them."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.files.scratch import INTERRUPTS
from tests.sandbox import Sandbox
from tests.support.product import (
    FAST,
    Opened,
    Published,
    Rollcall,
    first_sync,
    make_once,
    run_python,
)

# pytest runs one worker per processor: more threads in a worker only compete with the others
os.environ.setdefault("ROLLCALL_THREADS", "1")

TESTS = Path(__file__).parent
SLOWEST = {"sources", "sync", "warehouse", "write_back"}


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell does so in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
HANDLERS = {number: signal.getsignal(number) for number in INTERRUPTS}


def pytest_xdist_auto_num_workers() -> int:
    """Add a worker for every two processors, because some workers always wait.

    They wait for a process or a server.
    """
    count = os.cpu_count() or 1
    return count + count // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `long` outside the long suite. Begin with the packages whose files take
    longest: otherwise, one worker still has such a file when the others have nothing left."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in SLOWEST)
    if not os.environ.get("ROLLCALL_LONG"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes long: `make soak` runs it"))


@pytest.fixture(autouse=True)
def default_signals() -> None:
    """Begin each test with the same handlers, because publishing ignores signals for good."""
    for number, handler in HANDLERS.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Sync the company once: most tests begin with the result."""

    def make(home: Path) -> Published:
        with Sandbox() as sandbox:
            return first_sync(home, sandbox)

    if ready := os.environ.get("ROLLCALL_PUBLISHED"):  # from another process
        return pickle.loads(Path(ready).read_bytes())
    return make_once(tmp_path_factory, "published", make)


@pytest.fixture(scope="session")
def sent(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a campaign `q4` whose files went out to its reviewers."""

    def make(home: Path) -> Path:
        (home / "reviews").mkdir()
        (home / "reviews" / "q4.toml").write_text(
            'title = "Access review, fourth quarter"\ndue = 2099-12-15\n'
            'fallback = "security@lanternfish.example"\n',
            encoding="utf-8",
        )
        (home / "data").mkdir(mode=0o700)
        (home / "data" / "access.duckdb").write_bytes(published.data)
        arguments = ["-m", "pipelines", "review", "open", "q4", "--quiet"]
        run_python(arguments, home, {"REVIEW__SEAL_KEY": "0123456789abcdef"})
        return home

    home = tmp_path_factory.mktemp("sent") / "home"  # one per worker, or they lock it
    return shutil.copytree(make_once(tmp_path_factory, "sent", make), home)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as served:
        yield served


@pytest.fixture
def rollcall(
    sandbox: Sandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Rollcall:
    warehouse = tmp_path / "data" / "access.duckdb"
    environment = sandbox.environment() | FAST | {"WAREHOUSE": str(warehouse)}
    return Rollcall(sandbox, warehouse, tmp_path, environment, capsys, monkeypatch)


@pytest.fixture(scope="session")
def opened(sent: Path) -> Opened:
    """Return a campaign without decisions. A test that changes it makes a copy first."""
    files = (sent / "data" / "reviews" / "q4" / "opened" / "reviewers").glob("*.csv")
    return Opened(sent, sorted(files, key=lambda path: -path.stat().st_size))


@pytest.fixture
def review(
    opened: Opened,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Rollcall:
    """Return Rollcall with its own copy of such a campaign."""
    own = replace(opened, home=tmp_path / "home")
    shutil.copytree(opened.home, own.home)
    return own.product(own.home, capsys, monkeypatch)


@pytest.fixture
def asking(
    opened: Opened,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Rollcall]:
    """Return Rollcall with the shared campaign, for commands that change nothing."""
    rollcall = opened.product(tmp_path, capsys, monkeypatch)
    before = rollcall.warehouse.stat()
    yield rollcall
    after = rollcall.warehouse.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
