"""Kind `files`: exports of a system, as CSV, at a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from pipelines.failures import Unreadable
from pipelines.files.toml_file import Strict, Text
from pipelines.sources.declared.declaration import Declaration
from pipelines.sources.declared.read_tables import ReadTables, name
from pipelines.sources.probe import Probe


class Table(Strict):
    """One table of the system, and where its file is."""

    path: Text


class Files(Declaration):
    """A system that writes files."""

    path: Text | None = None
    tables: dict[str, Table] = Field({})

    def list_tables(self) -> list[str]:
        return [*self._all_tables()]

    def _all_tables(self) -> dict[str, Table]:
        return {"rows": Table(path=self.path)} if self.path else self.tables

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return ", ".join(table.path for table in self._all_tables().values())

    def read_tables(self, into: ReadTables) -> None:
        for table, about in self._all_tables().items():
            path = Path(about.path)
            if not path.is_file():
                raise Unreadable(f"{into.what}: {path}", "there is no such file", "correct `path`")
            with into.name_failures(str(path), "export the file again"):
                into.add_select(table, "select * from read_csv(?, all_varchar=true)", [str(path)])
                described = into.connection.execute(f"describe {name(table)}").fetchall()
                into.fix_layout(table, [row[0] for row in described])
            into.note_call(table, about.path, {})

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        yield Probe("file", lambda: "can be read")
