"""rollcall sync: extract, load, transform and publish."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import choose_report, explain_failure, print_failures, print_result
from pipelines.cli.standing import add_for_watch
from pipelines.failures import Locked
from pipelines.redact import redact_text

if TYPE_CHECKING:
    from pipelines.monitoring.run_text import RunEnd
    from pipelines.sync.outcome import Outcome
    from pipelines.sync.run import SyncOptions
    from pipelines.warehouse.run_changes import RunChanges

ABOUT = """\
Extract, load, transform and publish. A terminal sees progress and a summary. A log gets one line
for each run, with failures and warnings below it. With --quiet, a run that succeeds prints only
that line, and nothing where HEALTHCHECK__URL is set, because a missing ping tells of a missing run.
"""


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("sync", run, "extract, load, transform and publish")
    # a wrong name of a setting is a failed run, which `sync_sources` records
    parser.set_defaults(needs_no_settings=True)
    parser.description = ABOUT
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="only these")
    parser.add_argument("--full", action="store_true", help="read everything again")
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CHANGE",
        help="accept one change that the guard refused, by its numbers: SOURCE.grants:9->4",
    )
    add_for_watch(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sync, tell people and monitoring how the sync ended, and return the exit code."""
    from pipelines.monitoring import healthcheck, metrics

    end = _sync(arguments)
    _print_end(arguments, end)
    if end.code != Locked.code:  # the run that holds the lock tells how it ends
        healthcheck.ping(end.code)
        metrics.write_metrics(end.code, end.seconds)
    arguments.counts = [
        f"{read.source}: {read.status}, {sum(read.rows_loaded.values())} rows,"
        f" {read.counters.requests} requests"
        for read in (end.outcome.reads if end.outcome else ())
    ]
    return end.code


def _sync(arguments: argparse.Namespace) -> RunEnd:
    """Sync, and return how the sync ended, whatever happened."""
    from pipelines.monitoring.run_text import RunEnd
    from pipelines.sync.run import sync_sources

    begun = time.monotonic()
    try:
        outcome = sync_sources(arguments.sources, _choose_options(arguments))
    except Exception as error:
        failure = explain_failure(error)
        return RunEnd(failure.code, time.monotonic() - begun, failures=[failure])
    seconds = time.monotonic() - begun
    return RunEnd(outcome.code, seconds, outcome, _read_changes(outcome), outcome.failures)


def _choose_options(arguments: argparse.Namespace) -> SyncOptions:
    """Return how to sync. Progress is for a terminal: a log gets one line at the end."""
    from pipelines.sync.run import SyncOptions

    is_watched = sys.stderr.isatty() and not (arguments.quiet or arguments.json)
    return SyncOptions(
        report=choose_report(arguments) if is_watched else lambda text: None,
        has_bars=is_watched,
        full=arguments.full,
        accepted=tuple(arguments.accept),
    )


def _read_changes(outcome: Outcome) -> RunChanges | None:
    """Return what a sync has changed; None if it published nothing."""
    from pipelines.warehouse.publish import open_published
    from pipelines.warehouse.run_changes import read_run_changes

    if not outcome.published:
        return None
    with open_published(outcome.warehouse) as warehouse:
        return read_run_changes(warehouse)


def _print_end(arguments: argparse.Namespace, end: RunEnd) -> None:
    """Print how a sync ended: a summary on a terminal, or one line and its details in a log."""
    from pipelines.monitoring.healthcheck import read_address
    from pipelines.monitoring.run_text import describe_run, summarize_run

    outcome, changes = end.outcome, end.changes
    document = _document(outcome, changes) if outcome else {}
    is_log = not (sys.stderr if end.failures else sys.stdout).isatty()
    lines = summarize_run(outcome, changes, end.seconds) if outcome and changes else ()
    if end.failures:
        if not is_log and not arguments.json:
            print_result(arguments, document, lines)
        title = describe_run(end) if is_log else ""
        print_failures(arguments, end.failures, document, end.code, title)
    elif arguments.json or not (is_log or arguments.quiet):
        print_result(arguments, document, lines)
    elif not (arguments.quiet and read_address()):
        print(describe_run(end), flush=True)  # before the warnings, if both go to one file
    if outcome and not (sys.stderr.isatty() or arguments.quiet or arguments.json):
        for text in (text for text, is_new in outcome.warnings.items() if is_new):
            print(f"  {text}", file=sys.stderr)


def _document(outcome: Outcome, changes: RunChanges | None) -> dict[str, Any]:
    """Return the result of a sync as `--json` prints it."""
    document: dict[str, Any] = {
        "run_id": outcome.run_id,
        "published": outcome.published,
        "changes": asdict(changes) if changes else None,
        "warehouse": str(outcome.warehouse),
        "sources": [
            {
                "source_name": read.source,
                "status": read.status,
                "mode": read.mode,
                "requests": read.counters.requests,
                "retries": read.counters.retries,
                "rows_loaded": read.rows_loaded if outcome.published else {},
                "warnings": [redact_text(warning) for warning in read.counters.warnings],
                "notes": read.counters.notes,
            }
            for read in outcome.reads
        ],
    }
    if outcome.published and {*outcome.failures} == {*outcome.unread_journals}:
        document["effect"] = "all sources are published; these changes are not in the warehouse"
    if outcome.refused_candidate:
        document["candidate"] = str(outcome.refused_candidate)
    return document
