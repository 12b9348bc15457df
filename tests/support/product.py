"""Rollcall as the tests run it: its commands, its warehouse, and a company's first sync."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
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
from pipelines.warehouse import dbt_statements
from tests.sandbox import Sandbox
from tests.sandbox.company.parts import Company

FAST = {
    f"SOURCES__{source}__{name}": value
    for source in ("CHARTHOP", "HALOITSM", "OKTA", "PINGONE")
    for name, value in (("REQUESTS_PER_SECOND", "0"), ("CONCURRENCY", "4"))
}


@contextmanager
def keep_process_state() -> Iterator[None]:
    """Restore the umask and the signal handlers that a command sets for its process."""
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
    """The output and the exit code of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


@dataclass
class Rollcall:
    """Rollcall with a warehouse of its own, pointed at one sandbox."""

    sandbox: Sandbox
    warehouse: Path
    home: Path
    environment: dict[str, str]
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *arguments: str, **settings: str) -> Result:
        """Run a command in this process, where dbt is already imported."""
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
        """Start a command in a process of its own."""
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
        """Run a sync and fail unless it succeeds."""
        result = self.run("sync", *arguments, **settings)
        assert result.code == 0, result.err
        return result

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query on the published warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def column(self, sql: str) -> list[Any]:
        return [next(iter(row.values())) for row in self.rows(sql)]

    def has(self, published: Published) -> Rollcall:
        """Put the warehouse of an earlier sync in place, and return self."""
        self.warehouse.parent.mkdir(exist_ok=True, mode=0o700)
        self.warehouse.write_bytes(published.data)
        self.warehouse.chmod(0o400)
        published.leave_parsed(self.warehouse)
        return self

    def another(self, home: Path, sandbox: Sandbox | None = None) -> Rollcall:
        """Return another Rollcall with a warehouse of its own, on the same sandbox or another."""
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


PARSED = "partial_parse.msgpack"  # dbt's own name of its parsed project
BUILD_HISTORIES = """
import sys
from pathlib import Path
import duckdb
from pipelines.warehouse import dbt_statements, dbt_variables
from pipelines.warehouse.dbt_run import Dbt
candidate, folder = map(Path, sys.argv[1:])
variables = dbt_variables.read_variables()
dbt = Dbt(folder, candidate.name, variables, select="config.materialized:incremental")
with duckdb.connect(str(candidate)) as connection:
    recorder = dbt_statements.Recorder(dbt_statements.read_shapes(connection))
    dbt.run("build", candidate, [recorder])
dbt_statements.keep_statements(folder, candidate, recorder, dbt.manifest.nodes, variables)
"""


def partial_parse_path(warehouse: Path) -> Path:
    return warehouse.parent / f".{warehouse.name}.work" / "dbt" / PARSED


@dataclass(frozen=True)
class Published:
    """The warehouse after a sync, with the sync's output, its duration and what dbt left: its
    parsed project and the SQL that it ran, by the name of the file."""

    data: bytes
    said: str
    seconds: float
    left: dict[str, bytes]

    def leave_parsed(self, warehouse: Path) -> None:
        """Put in place what dbt left, so that it need not parse the project again, and need not
        build what has not changed."""
        folder = partial_parse_path(warehouse).parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.parent.chmod(0o700)
        for name, data in self.left.items():
            (folder / name).write_bytes(data)
            (folder / name).chmod(0o600)

    def copy_for_dbt(self, folder: Path) -> Path:
        """Write a warehouse that dbt may change, with what dbt left, and return its path."""
        copy = folder / "access.duckdb"
        copy.write_bytes(self.data)
        self.leave_parsed(copy)
        return copy


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Any:
    """Make a value once for all test workers, in a folder of the given name."""
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
    home: Path,
    sandbox: Sandbox | None,
    *arguments: str,
    another: Published | None = None,
    **settings: str,
) -> Published:
    """Run a company's first sync in a folder of its own, and return what it publishes.

    With `another`, dbt reuses the parsed project of that warehouse. dbt builds the histories of a
    copy once more: only now it runs for them what all later syncs run.
    """
    warehouse = home / "access.duckdb"
    if another:
        another.leave_parsed(warehouse)
    begun = time.monotonic()
    said = sync_apart(home, sandbox, *arguments, **settings)
    seconds = time.monotonic() - begun
    folder = partial_parse_path(warehouse).parent
    with tempfile.TemporaryDirectory() as aside:
        copy = Path(aside) / warehouse.name
        copy.write_bytes(warehouse.read_bytes())
        run_python(["-c", BUILD_HISTORIES, str(copy), str(folder)], home, settings)
    left = {name: (folder / name).read_bytes() for name in (PARSED, dbt_statements.FILE)}
    return Published(warehouse.read_bytes(), said, seconds, left)


def sync_apart(home: Path, sandbox: Sandbox | None, *arguments: str, **settings: str) -> str:
    """Sync a company in a process of its own, and return what that says."""
    company = sandbox.environment() if sandbox else {}
    settings = company | FAST | {"WAREHOUSE": str(home / "access.duckdb")} | settings
    return run_python(["-m", "pipelines", "sync", *arguments, "--quiet"], home, settings)


def run_python(arguments: list[str], home: Path, settings: dict[str, str]) -> str:
    """Run Python with these arguments, and return what it says. Fail unless it succeeds."""
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())} | settings
    ended = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=home, capture_output=True, text=True
    )
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout + ended.stderr


@dataclass(frozen=True)
class Known:
    """A company after its first sync. Every test can serve the same data at the same addresses."""

    sandbox: Sandbox
    company: Company
    published: Published

    def again(self) -> Sandbox:
        self.sandbox.serve(deepcopy(self.company))
        return self.sandbox


@dataclass(frozen=True)
class Opened:
    """A company with an open campaign: its folder, and the files of two of its reviewers."""

    home: Path
    files: list[Path]
    key: bytes = b"0123456789abcdef"

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the reviewer with the most decisions."""
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
        """Return Rollcall in a folder of its own, with this warehouse and without any source."""
        warehouse = self.home / "data" / "access.duckdb"
        settings = {
            "WAREHOUSE": str(warehouse),
            "REVIEW__ACTOR": "lead@lanternfish.example",
            "REVIEW__SEAL_KEY": self.key.decode(),
        }
        return Rollcall(None, warehouse, home, settings, capture, patch)  # type: ignore[arg-type]
