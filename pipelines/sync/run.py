"""Run one sync: lock, private copy, extract, load, transform, check, publish.

A source is loaded completely or not at all. A source that fails keeps its last complete state and
is marked stale; the other sources are published. If a test or the guard refuses the result, the
published data stays as it was.
"""

from __future__ import annotations

import secrets
import shutil
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Failure, Refused, StorageFailed, explain
from pipelines.http.policy import Counters
from pipelines.policy import company_files, presence
from pipelines.push.rules import find_asked
from pipelines.push.write_wanted import has_rules, write_wanted
from pipelines.redact import redact_text, remove_secrets
from pipelines.sources import registry
from pipelines.sync import future_runs, guard, load, read_target, run_record
from pipelines.sync.read_warnings import find_read_warnings
from pipelines.warehouse import publish
from pipelines.warehouse.dbt_build import PUSH_MODELS, dbt_variables, transform
from pipelines.write_back import collect


@dataclass(frozen=True)
class RunLimits:
    """How long one sync may read, all sources together. Setting: SYNC__MAX_HOURS."""

    max_hours: float = 12.0

    @classmethod
    def configured(cls) -> RunLimits:
        return settings.read_numbers(cls, "sync")


@dataclass(frozen=True)
class SyncOptions:
    """How to sync: where progress goes, and which guard changes are accepted."""

    report: Callable[[str], None]
    progress_bar: str | None = None
    full: bool = False
    accepted: tuple[str, ...] = ()


@dataclass
class Outcome:
    """The result of a sync."""

    run_id: str
    warehouse: Path
    started_at: datetime
    published: bool = False
    reads: list[load.Read] = field(default_factory=list)
    policy_changes: list[str] = field(default_factory=list)  # as accepted
    clock_change: str | None = None  # as accepted
    target_changes: dict[str, list[str]] = field(default_factory=dict)  # by source, as accepted
    failure: Failure | None = None  # of the whole sync
    refused_candidate: Path | None = None
    unread_journals: list[Refused] = field(default_factory=list)  # do not stop the sync

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


def sync_sources(names: list[str], options: SyncOptions) -> Outcome:
    """Bring the published warehouse up to date. Raises Misconfigured, Locked or StorageFailed
    where the sync cannot even begin."""
    sources = registry.choose_sources(names)
    _check_settings(sources)
    if ignored := company_files.describe_ignored_folder():
        options.report(ignored)
    warehouse = settings.warehouse_path()
    with publish.lock_warehouse(warehouse) as work:
        copy = publish.open_candidate(warehouse, work)
        started_at = run_record.start_time(copy)
        run_id = f"{started_at:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
        outcome = Outcome(run_id, warehouse, started_at)
        try:
            _build(outcome, sources, copy, work, options)
        except Exception as error:
            outcome.failure = _to_failure(error, work.parent)
            for read in outcome.reads:
                read.failure = read.failure or outcome.failure
            if isinstance(outcome.failure, Refused) and any(r.rows_loaded for r in outcome.reads):
                outcome.refused_candidate = publish.keep_refused(copy, warehouse)
        if outcome.failure or not any(read.failure is None for read in outcome.reads):
            _record_only(outcome, work)
    return outcome


def _check_settings(sources: list[str]) -> None:
    """Raise Misconfigured for a wrong setting or company file now, before any request."""
    for source in sources:
        registry.connect_source(source, Counters())
    company_files.read_policy(company_files.policy_folder())
    find_asked()
    guard.ShrinkLimits.configured(), RunLimits.configured(), dbt_variables()


def _build(
    outcome: Outcome, sources: list[str], copy: Path, work: Path, options: SyncOptions
) -> None:
    """Read the sources into the candidate, build and check it, and publish it."""
    report = options.report
    with duckdb.connect(str(copy)):  # while it is open, opening it again takes no time
        _read_sources(outcome, sources, copy, work, options)
        complete = [read for read in outcome.reads if read.failure is None]
        if not complete:
            return
        for read in complete:
            load.load_source(read)
            rows = sum(read.rows_loaded.values())
            report(f"{read.source}: {rows} rows in {read.counters.requests} requests")
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        outcome.unread_journals = collect.collect_journals(copy)
    report("transforming and testing")
    if has_rules(copy):
        transform(copy, work.parent, exclude=PUSH_MODELS)
        write_wanted(copy, report)
        transform(copy, work.parent, PUSH_MODELS)
    else:
        transform(copy, work.parent)
    read_now = {read.source: read for read in complete}

    def warn(source: str, text: str) -> None:
        read_now[source].counters.warn(text)
        report(f"{source}: {text}")

    find_read_warnings(copy, [*read_now], warn)
    shrinkage = guard.check_shrinkage(copy, outcome.warehouse, [*read_now], options.accepted, warn)
    targets = chain.from_iterable(outcome.target_changes.values())
    changes = [outcome.clock_change, *outcome.policy_changes, *targets, *shrinkage]
    for change in filter(None, changes):
        run_record.record_acceptance(copy, outcome.run_id, change)
        report(f"accepted: {change}")
    publish.publish(copy, outcome.warehouse)
    publish.remove_refused(outcome.warehouse)
    outcome.published = True
    report(f"published {outcome.warehouse}")


def _read_sources(
    outcome: Outcome, sources: list[str], copy: Path, work: Path, options: SyncOptions
) -> None:
    """Read every source into a package of its own; failures are in `outcome.reads`."""
    try:
        outcome.policy_changes = _accept_gone_policy(copy, options.accepted)
        outcome.clock_change = future_runs.check_newest_run(
            copy, outcome.started_at, options.accepted
        )
        outcome.target_changes = read_target.check_targets(copy, sources, options.accepted)
    except Refused as error:
        # no source is read; if the settings of one are wrong, only this one is recorded as refused
        marked = [error.source] if isinstance(error, read_target.TargetChanged) else sources
        outcome.reads = [
            load.Read(source, ended_at=outcome.started_at, failure=error) for source in marked
        ]
        raise
    asked = find_asked()
    ends = time.monotonic() + RunLimits.configured().max_hours * 3600
    for source in sources:
        options.report(f"{source}: reading")
        full = options.full or source in outcome.target_changes
        read = load.Read(source, Counters(ends=ends), asked)
        read = load.extract_source(read, copy, work, options.progress_bar, full)
        read.started_at = max(read.started_at, outcome.started_at)
        outcome.reads.append(read)
        for problem in filter(None, (read.failure, *read.counters.warnings)):
            options.report(f"{source}: {problem}")


def _accept_gone_policy(copy: Path, accepted: tuple[str, ...]) -> list[str]:
    """Return the policy files whose absence was accepted. Raise Refused if others are gone."""
    with duckdb.connect(str(copy)) as connection:
        return presence.check_gone(connection, company_files.policy_folder(), accepted)


def _record_only(outcome: Outcome, work: Path) -> None:
    """Publish the `runs` rows of a run that published no data, and nothing else."""
    if not outcome.warehouse.exists() or not outcome.reads:
        return
    shutil.rmtree(work / "candidate", ignore_errors=True)
    try:
        copy = publish.open_candidate(outcome.warehouse, work)
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        publish.publish(copy, outcome.warehouse)
    except (Failure, duckdb.Error, OSError) as error:
        outcome.failure = outcome.failure or _to_failure(error, work.parent)


def _to_failure(error: Exception, home: Path) -> Failure:
    """Return the failure behind an exception. Write a trace file for an unexpected exception."""
    if found := explain(error):
        return found
    if isinstance(error, duckdb.IOException | duckdb.FatalException | OSError):
        why = redact_text(error, publish.MAX_REASON)
        return StorageFailed("storage", why, "check the disk, then run `rollcall sync` again")
    trace = home / "trace.txt"
    with suppress(OSError):  # if the file cannot be written, the message is enough
        trace.write_text(remove_secrets("".join(traceback.format_exception(error))))
        trace.chmod(0o600)
    return Failure("unexpected", f"{type(error).__name__}: {redact_text(error)}", f"report {trace}")
