"""Refuse files that are older than those of the last complete read, and keep which were read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.failures import Refused
from pipelines.sources.declared.files.copies import Copy

if TYPE_CHECKING:
    from pipelines.sources.declared.files.entries import FileTable
    from pipelines.sources.declared.read_tables import ReadTables

FILES = "files"  # among the facts that are kept


def date_files(into: ReadTables, copies: list[Copy]) -> None:
    """Let the oldest file say how old the data is. Raises Unreadable if that is too old."""
    oldest = min((copy.found for copy in copies), key=lambda found: found.modified)
    into.date_data(oldest.name, oldest.modified)


def check_order(into: ReadTables, tables: dict[str, FileTable], copies: list[Copy]) -> None:
    """Raise Refused for a file that is older than that of the last complete read: then somebody
    has restored a backup, or the newest export is gone."""
    before = into.read_facts().get(FILES) or {}
    for table, entries in tables.items():
        earlier = before.get(table) or {}
        if earlier.get("path") != entries.path:
            continue
        times = {one["name"]: datetime.fromisoformat(one["modified"]) for one in earlier["files"]}
        newest = max(times.values())
        files = [one for one in copies if one.found.table == table]
        latest = max(files, key=lambda one: one.modified)
        old = [one for one in files if one.modified < times.get(one.name, one.modified)]
        old += [latest] if latest.modified < newest else []
        if old:
            known = max(newest, times.get(old[0].name, newest))
            raise Refused(
                f"{into.what}: {old[0].name}",
                f"it is of {old[0].modified:%Y-%m-%d %H:%M:%S} UTC, and the last complete read had"
                f" a file of {known:%Y-%m-%d %H:%M:%S}",
                "export it again: an older copy shows access as it was",
            )


def note_files(into: ReadTables, tables: dict[str, FileTable], copies: list[Copy]) -> None:
    """Keep which files were read, and note for the run if they are those of the last read."""
    facts = {
        table: {
            "path": entries.path,
            "files": [_describe(one) for one in copies if one.found.table == table],
        }
        for table, entries in tables.items()
    }
    for copy in copies:
        into.note_call(copy.found.table, tables[copy.found.table].path, _describe(copy))
    if into.read_facts().get(FILES) == facts:
        text = f"nothing new: the same files as before, of {into.as_of:%Y-%m-%d %H:%M} UTC"
        into.counters.notes.append(text)
    into.facts[FILES] = facts


def _describe(copy: Copy) -> dict[str, Any]:
    return {
        "name": copy.name,
        "sha256": copy.sha256,
        "modified": copy.modified.isoformat(timespec="microseconds"),
    }
