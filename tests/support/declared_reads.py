"""Read one declared system as a sync does, without the models: what came, and what it becomes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.failures import Failure
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.mapping import map_tables
from pipelines.sources.declared.read_tables import ReadTables


@dataclass
class Declared:
    """A project directory with one file `systems/<name>.toml`."""

    home: Path
    patch: pytest.MonkeyPatch
    name: str = "erp"
    reads: int = 0

    def declare(self, text: str, **secrets: str) -> None:
        """Write the file of the system, and set its secrets."""
        folder = self.home / "systems"
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.toml").write_text(text, encoding="utf-8")
        for name, value in secrets.items():
            self.patch.setenv(f"SOURCES__{self.name}__{name}".upper(), value)
        self.patch.chdir(self.home)

    def open(self, seconds: float = float("inf")) -> ReadTables:
        self.reads += 1
        tables = ReadTables(System(self.name), self.home / f"read{self.reads}")
        tables.counters.ends = time.monotonic() + seconds
        return tables

    def read(self, seconds: float = float("inf")) -> ReadTables:
        """Return the tables that were read."""
        tables = self.open(seconds)
        tables.system.declaration.read_tables(tables)
        return tables

    def map(self) -> ReadTables:
        """Return the tables that were read, after the mapping."""
        tables = self.read()
        map_tables(tables)
        return tables

    def fail(self, seconds: float = float("inf")) -> Failure:
        """Return the failure of a read."""
        with pytest.raises(Failure) as raised:
            self.read(seconds)
        return raised.value

    def probe(self) -> dict[str, str]:
        """Return what each probe of `check` finds. Raises a Failure."""
        tables = ReadTables(System(self.name))
        return {one.what: one.call() for one in tables.system.declaration.find_probes(tables)}


def rows(tables: ReadTables, sql: str) -> list[tuple[Any, ...]]:
    return tables.connection.execute(sql).fetchall()
