"""Declared systems below the level of a sync: a file is written, read and mapped."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.http.policy import Counters
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.mapping import map_tables
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import wrap_rows


@dataclass
class DeclaredSystem:
    """The system `crm`, whose file a test writes."""

    home: Path
    patch: pytest.MonkeyPatch
    counters: Counters = field(default_factory=Counters)
    facts: dict[str, Any] = field(default_factory=dict)
    reads: int = 0

    def declare(self, text: str, **secrets: str) -> DeclaredSystem:
        folder = self.home / "systems"
        folder.mkdir(exist_ok=True)
        (folder / "crm.toml").write_text(text, encoding="utf-8")
        self.patch.setenv("SYSTEMS__FOLDER", str(folder))
        for name, value in secrets.items():
            self.patch.setenv(f"SOURCES__CRM__{name.upper()}", value)
        return self

    def connect(self) -> ReadTables:
        self.counters = Counters()
        self.reads += 1
        folder = self.home / f"{self.reads}"
        return ReadTables(System("crm"), folder, self.counters, self._write_earlier())

    def _write_earlier(self) -> EarlierRows:
        """Write the raw table in which the last complete sync kept the facts."""
        warehouse = self.home / f"earlier-{self.reads}.duckdb"
        with duckdb.connect(str(warehouse)) as connection:
            connection.register("rows", wrap_rows([("crm", {"facts": self.facts})]))
            connection.execute("create schema raw_crm")
            connection.execute("create table raw_crm.system as from rows")
        return EarlierRows(warehouse, "crm")

    def read(self) -> duckdb.DuckDBPyConnection:
        """Read all tables, keep the facts for the next read, and return the tables."""
        into = self.connect()
        into.system.declaration.read_tables(into)
        self.facts = into.facts
        return into.connection

    def map(self) -> duckdb.DuckDBPyConnection:
        """Read and map, and return the tables."""
        into = self.connect()
        into.system.declaration.read_tables(into)
        map_tables(into)
        self.facts = into.facts
        return into.connection
