"""One sync: lock, private copy, extract, load, transform, publish.

A source is taken whole or not at all. One that fails keeps its last complete state, as a whole and
marked stale; the others are published. Whatever refuses the result keeps everything as it was.
"""

from __future__ import annotations

import secrets
import shutil
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Failure, Refused, StorageFailed, explain
from pipelines.http.policy import Counters
from pipelines.policy import company_files
from pipelines.redact import redact_text, remove_secrets
from pipelines.sources import registry
from pipelines.sync import guard, load, run_record
from pipelines.warehouse import publish
from pipelines.warehouse.dbt_build import dbt_variables, transform
from pipelines.write_back import collect

Say = Callable[[str], None]


@dataclass
class Outcome:
    """What became of a sync."""

    run_id: str
    warehouse: Path
    begun: datetime
    published: bool = False
    reads: list[load.Read] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)  # by source: to another tenant, as accepted
    failure: Failure | None = None  # of the sync as a whole
    kept: Path | None = None  # a candidate that was refused

    @property
    def failures(self) -> list[Failure]:
        """What went wrong, each once: a failure of the whole is that of every source."""
        found = [self.failure, *(read.failure for read in self.reads)]
        return list({id(failure): failure for failure in found if failure}.values())

    @property
    def code(self) -> int:
        """The exit code: of the whole first, then 3 before 4."""
        if self.failure:
            return self.failure.code
        return min((failure.code for failure in self.failures), default=0)


def sync_sources(
    names: list[str],
    say: Say,
    progress: str | None = None,
    full: bool = False,
    accepted: Iterable[str] = (),
) -> Outcome:
    """Bring the published warehouse up to date. Raises Misconfigured, Locked or StorageFailed
    where it cannot even begin."""
    sources = registry.choose_sources(names)
    for source in sources:
        registry.connect_source(source, Counters())  # wrong settings end it here, before any work
    company_files.read_policy(
        company_files.policy_folder()
    )  # and so does a policy that cannot be understood
    guard.ShrinkLimits.configured(), dbt_variables()
    warehouse = settings.warehouse_path()
    with publish.lock_warehouse(warehouse) as work:
        copy = publish.open_candidate(warehouse, work)
        begun = run_record.start_time(copy)
        run_id = f"{begun:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
        outcome = Outcome(run_id, warehouse, begun)
        try:
            _build(outcome, sources, copy, work, say, progress, full, accepted)
        except Exception as error:
            outcome.failure = _explained(error, work.parent)
            for read in outcome.reads:
                read.failure = read.failure or outcome.failure
            if isinstance(outcome.failure, Refused) and any(r.rows_loaded for r in outcome.reads):
                outcome.kept = publish.set_aside(copy, warehouse)
        if outcome.failure or not any(read.failure is None for read in outcome.reads):
            _record_only(outcome, work)
    return outcome


def _build(
    outcome: Outcome,
    sources: list[str],
    copy: Path,
    work: Path,
    say: Say,
    progress: str | None,
    full: bool,
    accepted: Iterable[str],
) -> None:
    with duckdb.connect(str(copy)):  # as long as it is open, opening it again takes no time
        try:
            outcome.moved = guard.check_tenants(copy, sources, accepted)
        except Refused as error:
            outcome.reads = [
                load.Read(one, ended_at=outcome.begun, failure=error) for one in sources
            ]
            raise
        for source in sources:
            say(f"{source}: reading")
            read = load.extract_source(
                source, copy, work, progress, full or source in outcome.moved
            )
            read.started_at = max(read.started_at, outcome.begun)
            outcome.reads.append(read)
            if read.failure:
                say(f"{source}: {read.failure}")
            for warning in read.counters.warnings:
                say(f"{source}: {warning}")
        taken = [read for read in outcome.reads if read.failure is None]
        if not taken:
            return
        for read in taken:
            load.load_source(read)
            rows = sum(read.rows_loaded.values())
            say(f"{read.source}: {rows} rows in {read.counters.requests} requests")
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        collect.collect_journals(copy)
    say("transforming and testing")
    transform(copy, work.parent)
    for change in [*outcome.moved.values(), *guard.check_shrinkage(copy, accepted)]:
        run_record.record_acceptance(copy, outcome.run_id, change)
        say(f"accepted: {change}")
    publish.publish(copy, outcome.warehouse)
    publish.forget_refused(outcome.warehouse)
    outcome.published = True
    say(f"published {outcome.warehouse}")


def _record_only(outcome: Outcome, work: Path) -> None:
    """Add the rows of a run that published nothing to what is published, and nothing else."""
    if not outcome.warehouse.exists() or not outcome.reads:
        return
    shutil.rmtree(work / "candidate", ignore_errors=True)
    try:
        copy = publish.open_candidate(outcome.warehouse, work)
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        publish.publish(copy, outcome.warehouse)
    except (Failure, duckdb.Error, OSError) as error:
        outcome.failure = outcome.failure or _explained(error, work.parent)


def _explained(error: Exception, home: Path) -> Failure:
    """The failure that an exception is; one that nobody foresaw leaves its trace in a file."""
    if found := explain(error):
        return found
    if isinstance(error, duckdb.IOException | duckdb.FatalException | OSError):
        why = redact_text(str(error).strip().split("\n")[0])
        return StorageFailed("storage", why, "check the disk, then run `rollcall sync` again")
    trace = home / "trace.txt"
    with suppress(OSError):  # where nothing can be written, the message has to do
        trace.write_text(remove_secrets("".join(traceback.format_exception(error))))
        trace.chmod(0o600)
    return Failure("unexpected", f"{type(error).__name__}: {redact_text(error)}", f"report {trace}")
