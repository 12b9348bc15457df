"""A system that exports files, read as a sync reads it, without dlt and the models."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.failures import Failure
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.mapping import map_tables
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.earlier_rows import EarlierRows

NAME = "expenses"
SIMPLE = '\ncolumns = {account = "User", role = "Role"}\n'
ROWS = "User,Name,Role\n1,Ada,Approver\n2,Bob,Submitter\n"


@dataclass
class Exports:
    """A project directory with one declared system and the files that it exports."""

    home: Path
    patch: pytest.MonkeyPatch
    reads: int = 0

    def declare(self, text: str, mapping: str = SIMPLE, **secrets: str) -> None:
        """Write the declaration; a secret is set as its setting."""
        self.patch.chdir(self.home)
        (self.home / "systems").mkdir(exist_ok=True)
        path = self.home / "systems" / f"{NAME}.toml"
        path.write_text(f'kind = "files"{mapping}{text}', encoding="utf-8")
        for name, value in secrets.items():
            self.patch.setenv(f"SOURCES__{NAME}__{name}".upper(), value)

    def write(self, name: str, data: str | bytes = ROWS, hours: float = 1) -> Path:
        """Write a file that was last changed some hours ago."""
        path = self.home / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        moment = time.time() - hours * 3600
        os.utime(path, (moment, moment))
        return path

    def read(self, *accepted: str) -> ReadTables:
        """Read the system. Raises the Failure that would end the read."""
        self.reads += 1
        earlier = EarlierRows(self.home / "earlier.duckdb", NAME)
        folder = self.home / "work" / str(self.reads)
        tables = ReadTables(System(NAME), folder, earlier=earlier, accepted=accepted)
        tables.system.secrets  # noqa: B018 - a missing one is told before any request
        tables.system.declaration.read_tables(tables)
        return tables

    def refusal(self) -> tuple[int, str]:
        """Return the exit code of the failure of a read, and its words."""
        with pytest.raises(Failure) as raised:
            self.read()
        failure = raised.value
        assert failure.next and "\n" not in str(failure)
        return failure.code, f"{failure}; {failure.next}"

    def rows(self, table: str = "rows") -> list[dict[str, Any]]:
        """Read the system, and return the rows of one of its tables."""
        return list_rows(self.read(), table)

    def grants(self) -> set[tuple[str, str]]:
        """Read and map the system, and return who holds what."""
        tables = self.read()
        map_tables(tables)
        found = list_rows(tables, "mapped_grants")
        return {(row["account_id"], row["entitlement_id"]) for row in found}

    def remember(self, tables: ReadTables) -> None:
        """Keep what a read found, as a complete sync keeps it for the next one."""
        payload = json.dumps({"layout": tables.layout, "facts": tables.facts})
        with duckdb.connect(str(self.home / "earlier.duckdb")) as connection:
            connection.execute(
                f"create schema if not exists raw_{NAME};"
                f"create or replace table raw_{NAME}.system as select ? as id, null as parent_id,"
                " null::timestamptz as updated_at, '' as row_hash, ? as payload",
                [NAME, payload],
            )

    def probe(self) -> list[str]:
        """Return what `rollcall check` finds. Raises the Failure of a probe."""
        tables = ReadTables(System(NAME))
        return [one.call() for one in tables.system.declaration.find_probes(tables)]


def list_rows(tables: ReadTables, table: str) -> list[dict[str, Any]]:
    result = tables.connection.execute(f'from "{table}" order by all')
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
