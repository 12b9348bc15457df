"""rollcall status: print the last run of each source, its age, and what is published."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from pipelines.cli.output import print_result
from pipelines.redact import redact_text


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb."""
    verb("status", run, "show the last run of each source, its age, and what is published")


def run(arguments: argparse.Namespace) -> int:
    """Print the state of every source, and the row counts of the published tables."""
    from pipelines import settings
    from pipelines.warehouse import publish
    from pipelines.warehouse.source_states import read_status

    path = settings.warehouse_path()
    with publish.open_published(path) as warehouse:
        document = read_status(warehouse)
    refused = publish.refused_path(path)
    document["candidate"] = str(refused) if refused.exists() else None
    print_result(arguments, document, _render(document), even_if_quiet=True)
    return 0


def _render(document: dict[str, Any]) -> Iterator[str]:
    """Yield one line per source, then each error once with its remedy, then the row counts."""
    from pipelines.warehouse.source_states import describe_age

    for source in document["sources"]:
        state = "STALE" if source["is_stale"] else "ok"
        complete = (
            f"complete {describe_age(source['as_of'])}" if source["as_of"] else "never complete"
        )
        yield (
            f"{source['source_name']:10}{state:7}{complete}"
            f" · last run {source['last_status']}, {source['last_mode']},"
            f" {source['requests']} requests, {source['retries']} retries"
        )
    errors = [(source["error"], source["remedy"]) for source in document["sources"]]
    for error, remedy in dict.fromkeys(pair for pair in errors if pair[0]):
        yield redact_text(error)
        if remedy:
            yield f"  next: {remedy}"
    if document["candidate"]:
        yield f"  the refused candidate is kept for inspection: {document['candidate']}"
    for source in document["sources"]:
        if source["accepted"]:
            yield f"{source['source_name']}: accepted changes: {source['accepted']}"
    yield " · ".join(f"{rows} {table}" for table, rows in document["rows"].items())
    yield "grants of the last run: " + " · ".join(
        f"{count} {event}" for event, count in document["grants"].items()
    )
