"""One invented company behind three servers, and Rollcall pointed at them by settings alone."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import __main__ as cli
from pipelines.files.scratch import INTERRUPTS
from tests.sandbox import Sandbox
from tests.sandbox.company.parts import Company

# as many tests run at once as there are processors: a second thread in each only gets in the way
os.environ.setdefault("ROLLCALL_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell does in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

FAST = {
    f"SOURCES__{source}__{name}": value
    for source in ("CHARTHOP", "HALOITSM", "PINGONE")
    for name, value in (("REQUESTS_PER_SECOND", "0"), ("CONCURRENCY", "4"))
}


def pytest_xdist_auto_num_workers() -> int:
    """One more for every two processors: somebody is always waiting for a process or a server."""
    count = os.cpu_count() or 1
    return count + count // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is left to the long suite."""
    if not os.environ.get("ROLLCALL_LONG"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="it takes long: `make soak` runs it"))


@contextmanager
def untouched() -> Iterator[None]:
    """What a command makes of its own process is not left to the tests'."""
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS}
    umask = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(umask)
        for number, handler in handlers.items():
            signal.signal(number, handler)


@dataclass
class Result:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


@dataclass
class Rollcall:
    """The product, with a warehouse of its own, on one sandbox."""

    sandbox: Sandbox
    warehouse: Path
    home: Path
    environment: dict[str, str]
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *arguments: str, **settings: str) -> Result:
        """A command in this process, which has dbt loaded already."""
        self.capture.readouterr()
        with self.patch.context() as patch:
            for name in [name for name in os.environ if name.startswith("SOURCES__")]:
                patch.delenv(name)
            for name, value in (self.environment | settings).items():
                patch.setenv(name, value)
            patch.chdir(self.home)
            patch.setattr(sys, "argv", ["rollcall", *arguments])
            with untouched(), pytest.raises(SystemExit) as ended:
                cli.main()
        said = self.capture.readouterr()
        return Result(int(ended.value.code or 0), said.out, said.err)

    def start(self, *arguments: str, umask: int = -1, **settings: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        clean = {key: value for key, value in os.environ.items() if key[:9] != "SOURCES__"}
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines", *arguments],
            env=clean | {"PYTHONPATH": str(Path.cwd())} | self.environment | settings,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=umask,
        )

    def sync(self, *arguments: str, **settings: str) -> Result:
        """A sync that must succeed."""
        result = self.run("sync", *arguments, **settings)
        assert result.code == 0, result.err
        return result

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What is published, row by row."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def column(self, sql: str) -> list[Any]:
        return [next(iter(row.values())) for row in self.rows(sql)]

    def has(self, published: Published) -> Rollcall:
        """As if a sync before had published this."""
        self.warehouse.parent.mkdir(exist_ok=True, mode=0o700)
        self.warehouse.write_bytes(published.data)
        self.warehouse.chmod(0o400)
        published.leave_parsed(self.warehouse)
        return self

    def another(self, home: Path, sandbox: Sandbox | None = None) -> Rollcall:
        """One more, with a warehouse of its own, on the same sandbox or another."""
        home.mkdir()
        warehouse = home / "data" / "access.duckdb"
        environment = self.environment | {"WAREHOUSE": str(warehouse)}
        if sandbox:
            environment |= sandbox.environment()
        return replace(
            self,
            sandbox=sandbox or self.sandbox,
            warehouse=warehouse,
            home=home,
            environment=environment,
        )


def parsed_of(warehouse: Path) -> Path:
    return warehouse.parent / f".{warehouse.name}.work" / "dbt" / "partial_parse.msgpack"


@dataclass(frozen=True)
class Published:
    """A warehouse of a company, what its sync said, how long that took, and what dbt had parsed."""

    data: bytes
    said: str
    seconds: float
    parsed: bytes

    def leave_parsed(self, warehouse: Path) -> None:
        """As the sync left it, so that dbt need not do it again."""
        place = parsed_of(warehouse)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.parent.parent.chmod(0o700)
        place.write_bytes(self.parsed)
        place.chmod(0o600)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:
    """What one of the workers makes, in a folder of that name, for all of them."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            (folder / name).mkdir()
            made.write_bytes(pickle.dumps(make(folder / name)))
    return pickle.loads(made.read_bytes())


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """What one sync publishes: most tests begin with it."""

    def make(home: Path) -> Published:
        with Sandbox() as sandbox:
            return first_sync(home, sandbox)

    if ready := os.environ.get("ROLLCALL_PUBLISHED"):  # by another process
        return pickle.loads(Path(ready).read_bytes())
    return once(tmp_path_factory, "published", make)


def first_sync(
    home: Path, sandbox: Sandbox, *arguments: str, another: Published | None = None, **settings: str
) -> Published:
    """What the first sync of a company publishes, in a folder of its own. What dbt has parsed for
    another need not be parsed again."""
    warehouse = home / "access.duckdb"
    if another:
        another.leave_parsed(warehouse)
    environment = os.environ | sandbox.environment() | FAST | {"WAREHOUSE": str(warehouse)}
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines", "sync", *arguments, "--quiet"],
        env=environment | {"PYTHONPATH": str(Path.cwd())} | settings,
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert 0 == ended.returncode, ended.stderr
    said = ended.stdout + ended.stderr
    seconds = time.monotonic() - begun
    return Published(warehouse.read_bytes(), said, seconds, parsed_of(warehouse).read_bytes())


@dataclass(frozen=True)
class Known:
    """A company as its first sync left it: the same data, at the same addresses, can be served to
    one test after the other."""

    sandbox: Sandbox
    company: Company
    published: Published

    def again(self) -> Sandbox:
        self.sandbox.serve(deepcopy(self.company))
        return self.sandbox


@pytest.fixture(scope="session")
def sent(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a campaign `q4` that went out to its reviewers."""

    def make(home: Path) -> Path:
        (home / "reviews").mkdir()
        (home / "reviews" / "q4.toml").write_text(
            'title = "Access review, fourth quarter"\ndue = 2099-12-15\n'
            'fallback = "security@lanternfish.example"\n',
            encoding="utf-8",
        )
        (home / "data").mkdir(mode=0o700)
        (home / "data" / "access.duckdb").write_bytes(published.data)
        settings = {"PYTHONPATH": str(Path.cwd()), "REVIEW__SEAL_KEY": "0123456789abcdef"}
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines", "review", "open", "q4", "--quiet"],
            env=os.environ | settings,
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert 0 == ended.returncode, ended.stderr
        return home

    home = tmp_path_factory.mktemp("sent") / "home"  # of this worker: two would lock each other out
    return shutil.copytree(once(tmp_path_factory, "sent", make), home)


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


@dataclass(frozen=True)
class Opened:
    """A company with an open campaign: its folder, and what two of its reviewers were sent."""

    home: Path
    files: list[Path]
    key: bytes = b"0123456789abcdef"

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """Of whoever has most to decide."""
        return self._read(self.files[0])

    @cached_property
    def others(self) -> list[dict[str, str]]:
        return self._read(self.files[1])

    def _read(self, path: Path) -> list[dict[str, str]]:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    def product(
        self, home: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> Rollcall:
        """The product in a folder of its own, with this warehouse. It asks no source."""
        warehouse = self.home / "data" / "access.duckdb"
        settings = {
            "WAREHOUSE": str(warehouse),
            "REVIEW__ACTOR": "lead@lanternfish.example",
            "REVIEW__SEAL_KEY": self.key.decode(),
        }
        return Rollcall(None, warehouse, home, settings, capture, patch)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def opened(sent: Path) -> Opened:
    """A campaign in which nobody has decided yet: whoever changes it, copies it."""
    files = (sent / "data" / "reviews" / "q4" / "opened" / "reviewers").glob("*.csv")
    return Opened(sent, sorted(files, key=lambda path: -path.stat().st_size))


@pytest.fixture
def review(
    opened: Opened,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Rollcall:
    """The product with such a campaign of its own."""
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
    """The product with the campaign of all tests: whatever it is asked, that stays as it is."""
    rollcall = opened.product(tmp_path, capsys, monkeypatch)
    before = rollcall.warehouse.stat()
    yield rollcall
    after = rollcall.warehouse.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
