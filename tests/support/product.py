"""The product as tests run it: its commands, its warehouse, and a company's first sync."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pickle
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

FAST = {
    f"SOURCES__{source}__{name}": value
    for source in ("CHARTHOP", "HALOITSM", "PINGONE")
    for name, value in (("REQUESTS_PER_SECOND", "0"), ("CONCURRENCY", "4"))
}


@contextmanager
def keep_process_state() -> Iterator[None]:
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
            with keep_process_state(), pytest.raises(SystemExit) as ended:
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


def partial_parse_path(warehouse: Path) -> Path:
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
        place = partial_parse_path(warehouse)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.parent.parent.chmod(0o700)
        place.write_bytes(self.parsed)
        place.chmod(0o600)


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:
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
    return Published(
        warehouse.read_bytes(), said, seconds, partial_parse_path(warehouse).read_bytes()
    )


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
