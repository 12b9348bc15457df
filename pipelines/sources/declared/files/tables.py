"""Read one table from the copies of its files, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.failures import Misconfigured, Refused, Unreadable
from pipelines.sources.declared.files.copies import EXPORT_AGAIN, Copy
from pipelines.sources.declared.files.entries import FileTable
from pipelines.sources.declared.files.parse import Parser, Part
from pipelines.sources.declared.read_tables import list_changes

if TYPE_CHECKING:
    from pipelines.sources.declared.read_tables import ReadTables


def read_table(into: ReadTables, name: str, table: FileTable, copies: list[Copy]) -> None:
    """Fill one table. Raises Refused for files that are not as they were, and Unreadable for files
    that are not complete."""
    parser = Parser(into, table)
    parts = [parser.prepare(copy) for copy in copies]
    refuse_one_column(into, table, parts[0].columns, parser.name(parts[0].copy))
    if table.kind != "jsonl":  # an object leaves out what it does not have
        for part in parts[1:]:
            _refuse_other_columns(parser.name(part.copy), parts[0], part)
        into.fix_layout(name, parts[0].columns)
    rows = parser.load(name, parts)
    for copy in copies:
        copy.path.unlink()
    _check_number(into, name, table, parts, rows)


def refuse_one_column(into: ReadTables, table: FileTable, columns: list[str], what: str) -> None:
    """Raise Misconfigured for a header that nothing separates, where `columns` names several."""
    several = len({*into.system.declaration.columns.values()}) > 1
    if table.kind in ("csv", "tsv") and len(columns) == 1 and several:
        why = "its header has one column only: nothing of , ; | and tab separates it"
        raise Misconfigured(what, why, f'name the delimiter in {into.system.path}: delimiter = ":"')


def _refuse_other_columns(what: str, first: Part, part: Part) -> None:
    if changes := list_changes(first.columns, part.columns):
        why = f"its columns are not those of {first.copy.name}: {', '.join(changes)}"
        raise Refused(what, why, "export all files with the same columns")


def _check_number(
    into: ReadTables, name: str, table: FileTable, parts: list[Part], rows: int
) -> None:
    what = f"{into.what}: {table.path}"
    if table.trailer:
        told = sum(part.told or 0 for part in parts)
        into.counters.reported[name] = told
        if rows != told:
            why = f"it has {rows:,} rows, and its last line tells of {told:,}"
            raise Unreadable(what, why, EXPORT_AGAIN)
    if not rows:
        raise Refused(what, "it has no row below its header", EXPORT_AGAIN)
    if rows < (table.expected_rows or 0):
        why = f"it has {rows:,} rows, fewer than expected_rows ({table.expected_rows:,})"
        raise Unreadable(what, why, f"{EXPORT_AGAIN}, or correct `expected_rows`")
