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


class KeptFacts:
    """The rows of the last complete sync: what the read before kept."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def read_rows(self, table: str) -> dict[str, Any]:
        return {"crm": {"facts": self.facts}} if table == "system" else {}


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
        earlier: Any = KeptFacts(self.facts)
        self.reads += 1
        return ReadTables(System("crm"), self.home / f"{self.reads}", self.counters, earlier)

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
