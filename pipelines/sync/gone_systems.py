"""Notice that the file of a declared system is gone, and stop showing the system if that is right.

Without its file a system is not read any more, and its last state would stand for ever. So a sync
refuses until the file is back, or a person accepts that the system is gone.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.failures import Refused
from pipelines.sources import source_names, systems_folder
from pipelines.sql import has_table

KNOWN_SQL = """
select source_name, bool_or(status = 'complete') from main.runs group by source_name
having max_by(status, (started_at, run_id)) <> 'gone' order by source_name
"""
NOTE_SQL = """
insert into main.runs by name
select ? as run_id, unnest(?::varchar[]) as source_name, 'full' as mode, 'gone' as status,
    ?::timestamptz as started_at, started_at as ended_at, 0 as requests, 0 as retries
"""


def check_systems(copy: Path, accepted: tuple[str, ...]) -> dict[str, str | None]:
    """Return the systems that are gone, each with the change that was accepted; None for a system
    that was never read completely, because nothing of it is lost.

    Their raw tables are removed from this private copy. Raises Refused for a published system whose
    file is missing, unless its absence is accepted.
    """
    with duckdb.connect(str(copy)) as connection:
        if not has_table(connection, "runs"):
            return {}
        names = source_names()
        gone = {
            name: f"{name}.system:declared->gone" if was_read else None
            for name, was_read in connection.execute(KNOWN_SQL).fetchall()
            if name not in names
        }
        known = {None, *(text.replace(" ", "") for text in accepted)}
        missing = {name: change for name, change in gone.items() if change not in known}
        if missing:
            raise _refuse(missing)
        for name in gone:
            connection.execute(f'drop schema if exists "raw_{name}" cascade')
    return gone


def record_systems(copy: Path, run_id: str, at: datetime, systems: list[str]) -> None:
    """Add a row to `runs` for each system that is gone as of this sync."""
    with duckdb.connect(str(copy)) as connection:
        connection.execute(NOTE_SQL, [run_id, systems, at])


def _refuse(missing: dict[str, str]) -> Refused:
    folder, names = systems_folder(), " and ".join(missing)
    flags = " ".join(f"--accept '{change}'" for change in missing.values())
    is_one = len(missing) == 1
    return Refused(
        f"system{'' if is_one else 's'} {names}",
        f"{'its file is' if is_one else 'their files are'} gone from {folder.absolute()}, and the"
        f" published data has {'it' if is_one else 'them'}",
        "restore what is missing, or correct --project-dir or SYSTEMS__FOLDER; if nobody shall"
        f" review {'it' if is_one else 'them'} any more, run `rollcall sync {flags}`",
    )
