"""Check whether the files of a system are there, how old they are, and which columns they have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.sources.declared.files.age import date_files
from pipelines.sources.declared.files.copies import copy_files
from pipelines.sources.declared.files.entries import FileTable
from pipelines.sources.declared.files.parse import Parser
from pipelines.sources.declared.files.tables import refuse_one_column
from pipelines.sources.declared.simple import match_columns
from pipelines.sources.probe import Probe
from pipelines.words import count_noun

if TYPE_CHECKING:
    from pipelines.sources.declared.read_tables import ReadTables


def find_probes(into: ReadTables, files: dict[str, FileTable]) -> Iterator[Probe]:
    """Yield one probe per table."""
    for name, table in files.items():
        yield Probe(table.path, partial(_probe, into, name, table))


def _probe(into: ReadTables, name: str, table: FileTable) -> str:
    """Return which file a sync would read. Raises the Failure of a file that it would not read."""
    with TemporaryDirectory(prefix="rollcall-") as folder:
        own = type(into)(into.system, Path(folder), into.counters, into.earlier)
        copies = copy_files(own, {name: table}, Path(folder) / "files")
        date_files(own, copies)
        newest = max(copies, key=lambda one: one.modified)
        part = Parser(own, table).prepare(newest)
        own.close()
    refuse_one_column(into, table, part.columns, f"{into.what}: {newest.name}")
    if into.system.declaration.columns:
        match_columns(into.system, name, part.columns)
    hours = (into.read_at - own.as_of) / timedelta(hours=1)
    more = f" and {len(copies) - 1} more" if len(copies) > 1 else ""
    columns = count_noun(len(part.columns), "column")
    return f"{newest.name}{more}: {hours:.0f} hours old, {columns}"
