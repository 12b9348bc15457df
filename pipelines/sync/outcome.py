"""The outcome of one sync, and its rows in `runs` where no data is published."""

from __future__ import annotations

import secrets
import shutil
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Failure, Misconfigured, Refused, StorageFailed, explain
from pipelines.redact import redact_text, remove_secrets
from pipelines.sources import registry, source_names
from pipelines.sync import load, run_record
from pipelines.warehouse import publish
from pipelines.warehouse.on_spark.views import explain_unseen


@dataclass
class Outcome:
    """The result of a sync."""

    run_id: str
    warehouse: Path
    started_at: datetime
    published: bool = False
    reads: list[load.Read] = field(default_factory=list)
    policy_changes: list[str] = field(default_factory=list)  # as accepted
    gone_systems: dict[str, str | None] = field(default_factory=dict)  # each as accepted
    clock_change: str | None = None  # as accepted
    target_changes: dict[str, list[str]] = field(default_factory=dict)  # by source, as accepted
    failure: Failure | None = None  # of the whole sync
    refused_candidate: Path | None = None
    unread_journals: list[Refused] = field(default_factory=list)  # do not stop the sync
    notes: list[str] = field(default_factory=list)  # for the log, and of no source
    earlier_warnings: set[tuple[str, str]] = field(default_factory=set)  # of the run before

    def note(self, text: str, report: Callable[[str], None]) -> None:
        """Keep a text for the end of the run, and report it now."""
        self.notes.append(text)
        report(text)

    @property
    def warnings(self) -> dict[str, bool]:
        """Return what the run warns of, and whether the run before did not warn of the same."""
        of_sources = {
            name_source(read.source, line): (read.source, line) not in self.earlier_warnings
            for read in self.reads
            for line in map(redact_text, read.counters.warnings)
        }
        return of_sources | {redact_text(text): True for text in self.notes}

    @property
    def source_notes(self) -> list[str]:
        """Return what the complete reads of sources found that is no warning."""
        read = [one for one in self.reads if one.failure is None]
        return [name_source(one.source, text) for one in read for text in one.counters.notes]

    @property
    def failures(self) -> list[Failure]:
        """Return each failure once: one of the whole sync is also in the read of every source."""
        found = [self.failure, *self.unread_journals, *(read.failure for read in self.reads)]
        return list({id(failure): failure for failure in found if failure}.values())

    @property
    def code(self) -> int:
        """Return the exit code of the first failure: the sync's own, a journal's, a source's."""
        if first := next(iter([*filter(None, [self.failure]), *self.unread_journals]), None):
            return first.code
        return min((failure.code for failure in self.failures), default=0)


def name_source(source: str, text: str) -> str:
    """Return a text that begins with the name of its source."""
    return text if text.startswith(source) else f"{source}: {text}"


def begin_run(warehouse: Path, work: Path) -> tuple[Outcome, Path]:
    """Return the outcome of a sync that begins now, and the private copy that it works on."""
    copy = publish.open_candidate(warehouse, work)
    started_at = run_record.start_time(copy)
    run_id = f"{started_at:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
    return Outcome(run_id, warehouse, started_at), copy


def record_only(outcome: Outcome, work: Path) -> None:
    """Publish the `runs` rows of a run that published no data, and nothing else."""
    if not outcome.warehouse.exists() or not outcome.reads:
        return
    shutil.rmtree(work / "candidate", ignore_errors=True)
    try:
        copy = publish.open_candidate(outcome.warehouse, work)
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        outcome.earlier_warnings = run_record.read_earlier_warnings(copy, outcome.run_id)
        publish.publish(copy, outcome.warehouse)
    except (Failure, duckdb.Error, OSError) as error:
        outcome.failure = outcome.failure or to_failure(error, work.parent)


def record_unbegun(names: list[str], failure: Misconfigured) -> Outcome | None:
    """Publish a `runs` row of each source that wrong settings kept a sync from reading.

    Return None where there is no warehouse, none of the sources is known, or the row cannot be
    written: the failure itself says more than that.
    """
    try:
        warehouse = settings.warehouse_path()
        if not warehouse.exists():
            return None
        with publish.lock_warehouse(warehouse) as work:
            outcome, copy = begin_run(warehouse, work)
            outcome.failure = failure
            outcome.reads = [
                load.Read(source, ended_at=outcome.started_at, failure=failure)
                for source in _find_unread(names, copy)
            ]
            if not outcome.reads:
                return None
            run_record.record_runs(copy, outcome.run_id, outcome.reads)
            publish.publish(copy, warehouse)
    except Exception:  # the settings cannot be read, or the file cannot be written
        return None
    return outcome


def _find_unread(names: list[str], copy: Path) -> list[str]:
    """Return the sources that a sync would have read: the configured ones, or if the settings do
    not tell, all that were read before."""
    try:
        found = registry.configured_sources()
    except Misconfigured:
        found = []
    if not found:
        with duckdb.connect(str(copy)) as connection:
            known = connection.execute("select distinct source_name from main.runs").fetchall()
        found = sorted({name for (name,) in known} & {*source_names()})
    return [name for name in found if not names or name in names]


def to_failure(error: Exception, home: Path) -> Failure:
    """Return the failure behind an exception. Write a trace file for an unexpected exception."""
    if found := explain(error) or explain_unseen(error):
        return found
    if isinstance(error, duckdb.IOException | duckdb.FatalException | OSError):
        why = redact_text(error, publish.MAX_REASON)
        return StorageFailed("storage", why, "check the disk, then run `rollcall sync` again")
    trace = home / "trace.txt"
    with suppress(OSError):  # if the file cannot be written, the message is enough
        trace.write_text(remove_secrets("".join(traceback.format_exception(error))))
        trace.chmod(0o600)
    return Failure("unexpected", f"{type(error).__name__}: {redact_text(error)}", f"report {trace}")
