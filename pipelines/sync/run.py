"""Run one sync: lock, private copy, extract, load, transform, check, publish.

A source is loaded completely or not at all. A source that fails keeps its last complete state and
is marked stale; the other sources are published. If a test or the guard refuses the result, the
published data stays as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Misconfigured, Refused
from pipelines.http.policy import Counters
from pipelines.policy import company_files, presence
from pipelines.push.rules import find_asked
from pipelines.push.write_wanted import has_rules, write_wanted
from pipelines.sources import registry
from pipelines.sync import future_runs, gone_systems, guard, load, read_target, run_record
from pipelines.sync.outcome import (
    Outcome,
    begin_run,
    name_source,
    record_only,
    record_unbegun,
    to_failure,
)
from pipelines.sync.progress import show_steps
from pipelines.sync.read_warnings import find_read_warnings
from pipelines.warehouse import publish
from pipelines.warehouse.dbt_build import PUSH_MODELS, check_engine, transform
from pipelines.warehouse.dbt_variables import read_variables
from pipelines.warehouse.source_states import max_age_hours
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
    has_bars: bool = False  # on a terminal: bars take the place of lines about progress
    full: bool = False
    accepted: tuple[str, ...] = ()


def sync_sources(names: list[str], options: SyncOptions) -> Outcome:
    """Bring the published warehouse up to date. Raises Misconfigured, Locked or StorageFailed
    where the sync cannot even begin, and leaves no row in `runs`."""
    try:
        settings.check_names()
        sources = registry.choose_sources(names)
        _check_settings(sources)
    except Misconfigured as failure:
        if outcome := record_unbegun(names, failure):
            return outcome
        raise
    warehouse = settings.warehouse_path()
    with publish.lock_warehouse(warehouse) as work:
        outcome, copy = begin_run(warehouse, work)
        if ignored := company_files.describe_ignored_folder():
            outcome.note(ignored, options.report)
        for text in settings.find_near_names():
            outcome.note(text, options.report)
        try:
            _build(outcome, sources, copy, work, options)
        except Exception as error:
            outcome.failure = to_failure(error, work.parent)
            for read in outcome.reads:
                read.failure = read.failure or outcome.failure
            if isinstance(outcome.failure, Refused) and any(r.rows_loaded for r in outcome.reads):
                outcome.refused_candidate = publish.keep_refused(copy, warehouse)
        if outcome.failure or not any(read.failure is None for read in outcome.reads):
            record_only(outcome, work)
    return outcome


def _check_settings(sources: list[str]) -> None:
    """Raise Misconfigured for a wrong setting or company file now, before any request."""
    for source in sources:
        registry.connect_source(source, Counters())
    company_files.read_policy(company_files.policy_folder())
    find_asked()
    guard.ShrinkLimits.configured(), RunLimits.configured(), read_variables()
    max_age_hours()
    check_engine()


def _build(
    outcome: Outcome, sources: list[str], copy: Path, work: Path, options: SyncOptions
) -> None:
    """Read the sources into the candidate, build and check it, and publish it."""
    with duckdb.connect(str(copy)):  # while it is open, opening it again takes no time
        _read_sources(outcome, sources, copy, work, options)
        complete = [read for read in outcome.reads if read.failure is None]
        if not complete:
            return
        for read in complete:
            load.load_source(read)
        run_record.record_runs(copy, outcome.run_id, outcome.reads)
        gone = outcome.gone_systems
        gone_systems.record_systems(copy, outcome.run_id, outcome.started_at, [*gone])
        outcome.earlier_warnings = run_record.read_earlier_warnings(copy, outcome.run_id)
        outcome.unread_journals = collect.collect_journals(copy)
        is_pushing = has_rules(copy)
    _transform(outcome, copy, work, options, is_pushing)
    read_now = {read.source: read for read in complete}

    def warn(source: str, text: str) -> None:
        read_now[source].counters.warn(text)
        options.report(name_source(source, text))

    with duckdb.connect(str(copy)):
        find_read_warnings(copy, [*read_now], warn)
        shrinkage = guard.check_shrinkage(
            copy, outcome.warehouse, [*read_now], options.accepted, warn, outcome.gone_systems
        )
        run_record.record_warnings(copy, outcome.run_id, complete)
        targets = chain.from_iterable(outcome.target_changes.values())
        columns = chain.from_iterable(read.counters.accepted for read in complete)
        changes = [outcome.clock_change, *outcome.policy_changes, *gone.values()]
        changes += [*targets, *columns, *shrinkage]
        for change in filter(None, changes):
            run_record.record_acceptance(copy, outcome.run_id, change)
            outcome.note(f"accepted: {change}", options.report)
    publish.publish(copy, outcome.warehouse)
    publish.remove_refused(outcome.warehouse)
    outcome.published = True


def _transform(
    outcome: Outcome, copy: Path, work: Path, options: SyncOptions, is_pushing: bool
) -> None:
    """Build and test the marts, with what the push rules want in between if there are any."""
    show = partial(show_steps, report=options.report, has_bars=options.has_bars)
    build = partial(transform, copy, work.parent)
    with show("transforming and testing") as on_step:
        build(exclude=PUSH_MODELS if is_pushing else "", on_step=on_step)
    if is_pushing:
        write_wanted(copy, lambda text: outcome.note(text, options.report))
        with show("transforming and testing pushes") as on_step:
            build(PUSH_MODELS, on_step=on_step)


def _read_sources(
    outcome: Outcome, sources: list[str], copy: Path, work: Path, options: SyncOptions
) -> None:
    """Read every source into a package of its own; failures are in `outcome.reads`."""
    try:
        outcome.policy_changes = _accept_gone_policy(copy, options.accepted)
        outcome.gone_systems = gone_systems.check_systems(copy, options.accepted)
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
        if not options.has_bars:
            options.report(f"{source}: reading")
        full = options.full or source in outcome.target_changes
        read = load.Read(source, Counters(ends=ends), asked, options.accepted)
        read = load.extract_source(read, copy, work, "tqdm" if options.has_bars else None, full)
        read.started_at = max(read.started_at, outcome.started_at)
        outcome.reads.append(read)
        for warning in read.counters.warnings:
            options.report(name_source(source, warning))
        if read.failure:
            options.report(f"{source}: could not be read completely; the end of this run says why")


def _accept_gone_policy(copy: Path, accepted: tuple[str, ...]) -> list[str]:
    """Return the policy files whose absence was accepted. Raise Refused if others are gone."""
    with duckdb.connect(str(copy)) as connection:
        return presence.check_gone(connection, company_files.policy_folder(), accepted)
