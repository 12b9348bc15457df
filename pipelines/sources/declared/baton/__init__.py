"""Kind `baton`: what ConductorOne's open-source connectors and baton-file write.

| file | read | why not |
|---|---|---|
| `.c1z` with SQLite | yes | |
| `.c1z` with Pebble | no | no library of Python's reads Pebble |
| baton-file `.json`, `.xlsx` | yes | |
| baton-file `.yaml`, `.csv`, `.jsonc` | no | half of the first two looks like a whole |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from pipelines.failures import Misconfigured, Refused, Unreadable
from pipelines.files.toml_file import Text
from pipelines.sources.declared.baton.c1z import Sync, open_c1z
from pipelines.sources.declared.baton.rows import MAPPING, TABLES, Row, add_rows
from pipelines.sources.declared.baton.sections import read_json, read_workbook
from pipelines.sources.declared.declaration import Declaration, Mapping
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.probe import Probe

C1Z = ".c1z"
DATED = "asOf"  # among the facts that are kept
READERS = {".json": read_json, ".xlsx": read_workbook}
TOLERANCE = timedelta(minutes=1)  # between two clocks


class Baton(Declaration):
    """A system that a connector has read into a file. `time_zone` is that of its machine."""

    reads_files = True

    path: Text
    time_zone: Text = "UTC"

    @field_validator("time_zone")
    @classmethod
    def check_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            raise PydanticCustomError("zone", "there is no such time zone") from None
        return zone

    def list_tables(self) -> list[str]:
        return [*TABLES]

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        return self.path

    def default_mapping(self) -> Mapping:
        return MAPPING

    def read_tables(self, into: ReadTables) -> None:
        with self._open(into, into.folder) as (rows, as_of):
            into.date_data(self.path, as_of)
            self._must_follow(into, as_of)
            for table in TABLES:
                add_rows(into, table, rows[table])
                into.note_call(table, self.path, {})
        into.facts[DATED] = as_of.isoformat()

    def _must_follow(self, into: ReadTables, as_of: datetime) -> None:
        """Raise Refused for data that is older than that of the last complete read."""
        before = into.read_facts().get(DATED)
        if before and as_of < datetime.fromisoformat(before):
            why = f"its data is of {as_of:%Y-%m-%d %H:%M}, and the last complete read had newer"
            next = "let the connector run again: an older copy shows access as it was"
            raise Refused(f"{into.what}: {self.path}", why, next)

    @contextmanager
    def _open(
        self, into: ReadTables, folder: Path
    ) -> Iterator[tuple[dict[str, Iterator[Row]], datetime]]:
        """Open the file, and give the rows of its tables and the time of its data."""
        path = Path(self.path)
        what = f"{into.what}: {path}"
        written = _find_time(what, path)
        if path.suffix.lower() == C1Z:
            with open_c1z(what, path, folder) as file:
                sync = file.find_sync()
                if sync.is_followed:
                    into.counters.warn(f"{what}: its last sync is not finished; the one before is")
                yield file.read_tables(sync), self._date(what, sync, written)
            return
        if path.suffix.lower() not in READERS:
            known = ", ".join([C1Z, *READERS])
            why = f"a file of this kind is not read; {known} are"
            raise Misconfigured(what, why, 'write one of these, or use `kind = "files"` for a CSV')
        yield READERS[path.suffix.lower()](what, path).read_tables(), written

    def _date(self, what: str, sync: Sync, written: datetime) -> datetime:
        """Return when a sync ended, which was before its file was written."""
        ended = datetime.fromisoformat(sync.ended_at)
        if ended.tzinfo is None:
            ended = ended.replace(tzinfo=ZoneInfo(self.time_zone))
        if ended > written + TOLERANCE:
            why = f"its sync ended at {sync.ended_at}, and the file was written before"
            next = 'name the zone of the connector\'s machine, such as time_zone = "Europe/Berlin"'
            raise Misconfigured(what, why, next)
        return ended

    def find_probes(self, into: ReadTables) -> Iterator[Probe]:
        probe = partial(self._probe, into)
        yield Probe("file", probe, "the right to open the file", "what a connector has read")

    def _probe(self, into: ReadTables) -> str:
        with TemporaryDirectory() as folder, self._open(into, Path(folder)) as (_, as_of):
            return f"its data is of {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _find_time(what: str, path: Path) -> datetime:
    """Return when a file was written. Raises Unreadable if it is none, or may not be read."""
    why = "there is no such file"
    try:
        if path.is_file():
            with path.open("rb"):
                return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        why = f"it cannot be read: {(error.strerror or str(error)).lower()}"
    raise Unreadable(what, why, "correct `path`, or let the file be written again")
