"""Export the published warehouse into a new dated folder, with a manifest.

The same published warehouse gives the same bytes, so no file contains the time of the export.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import __version__, settings
from pipelines.export import formats
from pipelines.failures import Misconfigured, Refused, storage_failure
from pipelines.files import safe_csv
from pipelines.files.lock import exclusive
from pipelines.files.output import check_output
from pipelines.files.scratch import scratch_in
from pipelines.files.text_stream import write_new_file
from pipelines.sql import quote
from pipelines.warehouse.publish import open_published
from pipelines.warehouse.source_states import explain_age, max_age_hours, read_source_states


def export(
    out: Path, allow_stale: bool = False, format: str = "review", source: str = ""
) -> dict[str, Any]:
    """Write a new dated folder below `out`; return its path and manifest.

    Raise Refused while a source is not fresh, and Misconfigured if nothing is published. With the
    name of a `source`, only that source counts.
    """
    with open_published(settings.warehouse_path()) as warehouse:
        states = _choose(read_source_states(warehouse), source, format)
        stale = {state["source_name"]: why for state in states if (why := _find_problem(state))}
        if stale and not allow_stale:
            raise Refused(
                f"export: {', '.join(stale)}",
                "; ".join(dict.fromkeys(stale.values())),
                "run `rollcall sync`, or `rollcall export --allow-stale`",
            )
        check_output(out)
        try:
            out.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusive(out), scratch_in(out) as building, scratch_in(out) as sorting:
                warehouse.execute(f"set memory_limit = '{safe_csv.SORT_MEMORY}'")
                warehouse.execute(f"set threads = {min(safe_csv.MAX_THREADS, os.cpu_count() or 1)}")
                warehouse.execute(f"set temp_directory = {quote(str(sorting))}")
                read = [state["source_name"] for state in states if state["as_of"]]
                manifest = {
                    "rollcall": __version__,
                    "format": format,
                    "stale_accepted": [*stale],
                    "sources": states,
                    "files": [*formats.write_format(format, warehouse, building, read)],
                }
                write_new_file(building / "manifest.json", json.dumps(manifest, indent=2) + "\n")
                folder = move_into_place(building, out)
        except OSError as error:
            raise storage_failure(out, error, "check the disk, or set --out") from None
    return {"folder": str(folder), **manifest}


def _choose(states: list[dict[str, Any]], source: str, format: str) -> list[dict[str, Any]]:
    """Return the states of the sources to export. Raises Misconfigured."""
    if not source:
        return states
    if format in formats.WHOLE:
        raise Misconfigured(
            f"export --source {source}",
            f"the format {format} is about all sources",
            "leave out --source, or choose another --format",
        )
    found = [state for state in states if state["source_name"] == source and state["as_of"]]
    if not found:
        known = ", ".join(state["source_name"] for state in states if state["as_of"])
        raise Misconfigured(
            f"export --source {source}",
            f"nothing of it is published; published are {known or 'no sources'}",
            f"use one of these, or run `rollcall sync {source}`",
        )
    return found


def _find_problem(state: dict[str, Any]) -> str:
    """Return why the data of a source is not fresh; empty if it is."""
    if state["is_stale"]:
        return "the last sync was not complete, so the export would show an old state"
    return explain_age(state, max_age_hours())


def move_into_place(building: Path, out: Path) -> Path:
    """Rename `building` to a new dated folder. Two exports in the same second get two folders."""
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    for number in range(1, 1000):
        folder = out / (stamp if number == 1 else f"{stamp}-{number}")
        if not (folder.exists() or folder.is_symlink()):
            return building.rename(folder)
    raise FileExistsError(f"{out}/{stamp}")
