"""rollcall status: print the last run of each source, its age, and what is published."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from pipelines.cli.output import print_result
from pipelines.failures import Unreadable
from pipelines.redact import redact_text


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flag."""
    about = "show the last run of each source, its age, and what is published"
    parser = verb("status", run, about)
    parser.add_argument(
        "--check",
        action="store_true",
        help="one line for monitoring: exit code 4 if a source is older than MAX_AGE_HOURS, else 0",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the state of every source, and the row counts of the published tables."""
    if arguments.check:
        return _check(arguments)
    from pipelines import settings
    from pipelines.warehouse import publish
    from pipelines.warehouse.source_states import find_too_old, read_status

    path = settings.warehouse_path()
    with publish.open_published(path) as warehouse:
        document = read_status(warehouse)
    too_old = find_too_old(document["sources"])
    for source in document["sources"]:
        source["too_old_because"] = too_old.get(source["source_name"])
    refused = publish.refused_path(path)
    document["candidate"] = str(refused) if refused.exists() else None
    print_result(arguments, document, _render(document), even_if_quiet=True)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Print one line that says which sources are too old. Return 4 if there are any, else 0.

    A source that is configured and was never read is too old. So is one that is published and no
    longer configured, because reviews show its data.
    """
    from pipelines import settings
    from pipelines.sources.registry import configured_sources
    from pipelines.warehouse.publish import open_published
    from pipelines.warehouse.source_states import (
        describe_age,
        find_too_old,
        max_age_hours,
        read_source_states,
    )

    path, configured, hours = settings.warehouse_path(), configured_sources(), max_age_hours()
    states: list[dict[str, Any]] = []
    if path.exists() or not configured:
        with open_published(path) as warehouse:
            states = read_source_states(warehouse)
    known = {state["source_name"] for state in states}
    states += [{"source_name": name, "as_of": None} for name in configured if name not in known]
    too_old = find_too_old(states)
    if too_old:
        line = "too old: " + "; ".join(f"{name}: {why}" for name, why in too_old.items())
    else:
        ages = (f"{one['source_name']} {describe_age(one['as_of'])}" for one in states)
        line = f"ok: {', '.join(ages)} (at most {hours:g} hours are allowed)"
    code = Unreadable.code if too_old else 0
    document = {"code": code, "max_age_hours": hours, "too_old": too_old}
    print_result(arguments, document, [line], even_if_quiet=True)
    return code


def _render(document: dict[str, Any]) -> Iterator[str]:
    """Yield one line per source, then each error once with its remedy, then the row counts."""
    from pipelines.warehouse.source_states import describe_age

    for source in document["sources"]:
        marks = {"STALE": source["is_stale"], "TOO OLD": source["too_old_because"]}
        state = ", ".join(mark for mark, holds in marks.items() if holds) or "ok"
        complete = (
            f"complete {describe_age(source['as_of'])}" if source["as_of"] else "never complete"
        )
        yield (
            f"{source['source_name']:10}{state:15}{complete}"
            f" · last run {source['last_status']}, {source['last_mode']},"
            f" {source['requests']} requests, {source['retries']} retries"
        )
    for name, moment in document["gone"].items():
        yield f"{name:10}{'gone':15}no longer read since {moment}: its file is gone"
    errors = [(source["error"], source["remedy"]) for source in document["sources"]]
    for error, remedy in dict.fromkeys(pair for pair in errors if pair[0]):
        yield redact_text(error)
        if remedy:
            yield f"  next: {remedy}"
    if document["candidate"]:
        yield f"  the refused candidate is kept for inspection: {document['candidate']}"
    for source in document["sources"]:
        for text in source["warnings"]:
            yield f"{source['source_name']}: warning: {text}"
        if source["accepted"]:
            yield f"{source['source_name']}: accepted changes: {source['accepted']}"
    yield " · ".join(f"{rows} {table}" for table, rows in document["rows"].items())
    events = dict(document["grants"])
    first = events.pop("first")
    changed = [f"{count} {event}" for event, count in events.items()]
    changed += [f"{first} on the first sync of their source"] if first else []
    yield f"grants of the last run: {' · '.join(changed)}"
