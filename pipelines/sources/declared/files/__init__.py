"""Kind `files`: the exports of a system, as CSV, TSV, JSON lines, Parquet or XLSX.

dlt's listing and fsspec find the files, and DuckDB parses them. What is here makes sure that they
are complete, new, and as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Text
from pipelines.sources.declared.declaration import Declaration
from pipelines.sources.declared.files import stores
from pipelines.sources.declared.files.age import check_order, date_files, note_files
from pipelines.sources.declared.files.copies import copy_files
from pipelines.sources.declared.files.entries import (
    FileEntries,
    FileTable,
    StoreEntries,
    check_store,
    check_table,
    normalize_path,
)
from pipelines.sources.declared.files.probes import find_probes
from pipelines.sources.declared.files.tables import read_table
from pipelines.sources.probe import Probe

if TYPE_CHECKING:
    from pipelines.sources.declared.read_tables import ReadTables

ONE_TABLE = "rows"  # the name of the table where `path` stands alone


class Files(FileEntries, StoreEntries, Declaration):
    """A system that exports files."""

    reads_files = True

    path: Text | None = None
    tables: dict[str, FileTable] = Field({})

    def list_files(self) -> dict[str, FileTable]:
        """Return the files of each table."""
        if self.path is None:
            return self.tables
        own = {name: getattr(self, name) for name in FileEntries.model_fields}
        return {ONE_TABLE: FileTable(path=self.path, **own)}

    def check_entries(self, path: Path) -> None:
        if (self.path is None) == (not self.tables):
            why = "it needs either `path` or [tables.NAME] with a path"
            raise Misconfigured(str(path), why, 'add path = "exports/users.csv"')
        if self.tables:
            for name in FileEntries.model_fields:
                if getattr(self, name) is not None:
                    why = f"{name} belongs to one of the tables"
                    raise Misconfigured(str(path), why, f"move {name} below [tables.NAME]")
        files = self.list_files()
        for name, table in files.items():
            place = f"{path} tables.{name}" if self.tables else str(path)
            check_table(place, table)
        check_store(str(path), self, [*files.values()])

    def list_secrets(self) -> dict[str, str]:
        schemes = {table.scheme for table in self.list_files().values()}
        return stores.list_secrets(self, schemes)

    def list_tables(self) -> list[str]:
        return [*self.list_files()]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        paths = {name: normalize_path(table.path) for name, table in self.list_files().items()}
        found = [path if self.path else f"{name}={path}" for name, path in sorted(paths.items())]
        store = self.endpoint_url or self.account_name
        return "; ".join(found) + (f" at {store}" if store else "")

    def read_tables(self, into: ReadTables) -> None:
        files = self.list_files()
        copies = copy_files(into, files, into.folder / "files")
        date_files(into, copies)
        check_order(into, files, copies)
        for name, table in files.items():
            read_table(into, name, table, [one for one in copies if one.found.table == name])
        note_files(into, files, copies)

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        yield from find_probes(into, self.list_files())
