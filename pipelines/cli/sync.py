"""rollcall sync: extract, load, transform and publish."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import choose_report, print_failures, print_result
from pipelines.cli.standing import add_for_watch
from pipelines.redact import redact_text

if TYPE_CHECKING:
    from pipelines.sync.run import Outcome


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("sync", run, "extract, load, transform and publish")
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
    """Sync, print the result of each source, and return the exit code."""
    from pipelines.sync.run import SyncOptions, sync_sources

    quiet = arguments.quiet or arguments.json
    options = SyncOptions(
        report=choose_report(arguments),
        progress_bar="tqdm" if sys.stderr.isatty() and not quiet else None,
        full=arguments.full,
        accepted=tuple(arguments.accept),
    )
    outcome = sync_sources(arguments.sources, options)
    arguments.counts = [
        f"{read.source}: {read.status}, {sum(read.rows_loaded.values())} rows,"
        f" {read.counters.requests} requests"
        for read in outcome.reads
    ]
    document = _document(outcome)
    if outcome.failures:
        print_failures(arguments, outcome.failures, document, outcome.code)
    else:
        lines = [
            f"{read.source}: {read.status}, {read.counters.requests} requests"
            for read in outcome.reads
        ]
        print_result(arguments, document, [*lines, f"published: {outcome.warehouse}"])
    return outcome.code


def _document(outcome: Outcome) -> dict[str, Any]:
    """Return the result of a sync as `--json` prints it."""
    document: dict[str, Any] = {
        "run_id": outcome.run_id,
        "published": outcome.published,
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
            }
            for read in outcome.reads
        ],
    }
    if outcome.published and {*outcome.failures} == {*outcome.unread_journals}:
        document["effect"] = "all sources are published; these changes are not in the warehouse"
    if outcome.refused_candidate:
        document["candidate"] = str(outcome.refused_candidate)
    return document
