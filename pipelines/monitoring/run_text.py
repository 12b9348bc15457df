"""Say in words how a run ended: one line for a log, and a summary of a sync for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipelines.failures import Failure
from pipelines.sync.outcome import Outcome
from pipelines.warehouse.run_changes import EVENTS, RunChanges
from pipelines.words import count_noun

NO_RUN = "-"  # in place of the id of a run that did not begin


@dataclass(frozen=True)
class RunEnd:
    """How a sync ended."""

    code: int
    seconds: float
    outcome: Outcome | None = None  # null if the sync did not begin
    changes: RunChanges | None = None  # null if nothing was published
    failures: list[Failure] = field(default_factory=list)


def describe_run(end: RunEnd) -> str:
    """Return the one line of a sync in a log."""
    outcome, changes = end.outcome, end.changes
    parts = ["nothing published"]
    if outcome and changes:
        parts = [_describe_published(outcome), *_count_grants(changes), _count_findings(changes)]
    if outcome:
        parts.append(f"{sum(read.counters.requests for read in outcome.reads)} requests")
        parts += outcome.source_notes
        if warnings := outcome.warnings:
            as_before = "" if any(warnings.values()) else " as before"
            parts.append(f"{count_noun(len(warnings), 'warning')}{as_before}")
    run_id = outcome.run_id if outcome else NO_RUN
    return describe_end(f"sync {run_id}", end.code, parts, end.seconds)


def describe_end(run: str, code: int, parts: list[str], seconds: float) -> str:
    """Return the one line of any run in a log: when it ended, which run, how, and what it did."""
    ended = f"exit {code}" if code else "ok"
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{now} {run} {ended}: {'; '.join([*parts, f'{seconds:.0f} s'])}"


def summarize_run(outcome: Outcome, changes: RunChanges, seconds: float) -> Iterator[str]:
    """Yield the lines about a sync that published, as a person reads them on a terminal."""
    for read in outcome.reads:
        if read.failure is None:
            rows = sum(read.rows_loaded.values())
            requests = f"{read.counters.requests} requests"
            yield f"{read.source}: {read.status}, {rows} rows, {requests} ({read.mode})"
    yield from outcome.source_notes
    for source, count in changes.first_grants.items():
        found = count_noun(count, "grant")
        yield f"{source}: {found} on the first sync, to compare later ones with"
    for source, counts in changes.events.items():
        yield f"{source}: {_spell_events(counts)}"
    if not changes.events and not changes.first_grants:
        yield "no grant was added, removed or changed"
    elif len(changes.events) > 1:
        totals = {event: changes.count_events(event) for event in EVENTS}
        yield f"in all: {_spell_events(totals)}"
    yield _count_findings(changes)
    yield f"published: {outcome.warehouse} (run {outcome.run_id}, {seconds:.0f} s)"


def _spell_events(counts: dict[str, int]) -> str:
    granted, removed, changed = (counts.get(event, 0) for event in EVENTS)
    return f"{count_noun(granted, 'grant')} added, {removed} removed, {changed} changed"


def _describe_published(outcome: Outcome) -> str:
    """Return which sources were published, and which were not."""
    read = [one.source for one in outcome.reads if one.failure is None]
    missing = [one.source for one in outcome.reads if one.failure]
    kept = f", not {', '.join(missing)}" if missing else ""
    return f"published {', '.join(read)}{kept}"


def _count_grants(changes: RunChanges) -> Iterator[str]:
    first = sum(changes.first_grants.values())
    if first:
        yield f"{count_noun(first, 'grant')} on the first sync of {', '.join(changes.first_grants)}"
    if changes.events or not first:
        granted, removed, changed = (changes.count_events(event) for event in EVENTS)
        yield f"grants +{granted} -{removed}" + (f" ~{changed}" if changed else "")


def _count_findings(changes: RunChanges) -> str:
    """Return how many findings are new, by severity, and how many are resolved."""
    number = sum(changes.new_findings.values())
    by_severity = ", ".join(f"{count} {name}" for name, count in changes.new_findings.items())
    new = f"{count_noun(number, 'new finding')} ({by_severity})" if number else "no new findings"
    resolved = changes.resolved_findings
    return f"{new}, {resolved} resolved" if resolved else new
