"""Kind `files`: exports of a system, as CSV, at a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.failures import Unreadable
from pipelines.files.toml_file import Text
from pipelines.sources.declared.declaration import Declaration
from pipelines.sources.declared.read_tables import ReadTables, name
from pipelines.sources.probe import Probe


class Files(Declaration):
    """A system that writes a file."""

    path: Text

    def list_tables(self) -> list[str]:
        return ["rows"]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return self.path

    def read_tables(self, into: ReadTables) -> None:
        path = Path(self.path)
        if not path.is_file():
            raise Unreadable(f"{into.what}: {path}", "there is no such file", "correct `path`")
        with into.name_failures(str(path), "export the file again"):
            into.add_select("rows", "select * from read_csv(?, all_varchar=true)", [str(path)])
            described = into.connection.execute(f"describe {name('rows')}").fetchall()
            into.fix_layout("rows", [row[0] for row in described])
        into.note_call("rows", self.path, {})

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        yield Probe("file", lambda: "can be read")
