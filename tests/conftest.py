"""One invented company behind three servers, and Rollcall pointed at them by settings alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import __main__ as cli
from tests.sandbox import Sandbox

FAST = {
    f"SOURCES__{source}__{name}": value
    for source in ("CHARTHOP", "HALOITSM", "PINGONE")
    for name, value in (("REQUESTS_PER_SECOND", "0"), ("CONCURRENCY", "4"))
}


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
            with pytest.raises(SystemExit) as ended:
                cli.main()
        said = self.capture.readouterr()
        return Result(int(ended.value.code or 0), said.out, said.err)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        clean = {key: value for key, value in os.environ.items() if key[:9] != "SOURCES__"}
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines", *arguments],
            env=clean | {"PYTHONPATH": str(Path.cwd())} | self.environment | settings,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
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
