"""How a command tells of its failures: each with what, why, effect and next."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Any

from pipelines import redact
from pipelines.failures import Failure


def common_flags(unsaid: object = False) -> argparse.ArgumentParser:
    """What every command can be told, with what an attribute is where its flag is not given."""
    made = argparse.ArgumentParser(add_help=False)
    for name, about in (
        ("--json", "one JSON document on stdout"),
        ("--quiet", "say nothing but results and trouble"),
    ):
        made.add_argument(name, action="store_true", default=unsaid, help=about)
    return made


def print_result(
    arguments: argparse.Namespace, document: dict[str, Any], lines: Iterable[str]
) -> None:
    """Print a command's result on stdout: the document with --json, else the lines."""
    if arguments.json:
        print(json.dumps(document, indent=2))
    elif not arguments.quiet:
        for line in lines:
            print(line)


def print_failures(
    arguments: argparse.Namespace,
    failures: list[Failure],
    document: dict[str, Any],
    code: int | None = None,
) -> None:
    """Every failure with what, why, effect and next: as text on stderr, or as JSON on stdout."""
    kept = document.get("effect") or describe_effect(bool(document.get("published")))
    told = [
        {
            "what": redact.redact_text(failure.what),
            "why": redact.redact_text(failure.why, 600),
            "effect": kept,
            "next": failure.next,
            "code": failure.code,
        }
        for failure in failures
    ]
    if arguments.json:
        code = code if code is not None else failures[0].code
        print(json.dumps({"code": code, **document, "failures": told}, indent=2))
        return
    for failure in told:
        print(f"{failure['what']}: {failure['why']}", file=sys.stderr)
        if failure["next"]:
            print(f"  next: {failure['next']}", file=sys.stderr)
    print(f"  effect: {kept}", file=sys.stderr)


def describe_effect(published: bool) -> str:
    """What is published now, and how old it is."""
    from pipelines import settings
    from pipelines.warehouse.publish import open_published
    from pipelines.warehouse.source_states import describe_age, read_source_states

    path = settings.warehouse_path()
    try:
        with open_published(path) as warehouse:
            states = read_source_states(warehouse)
    except Exception:
        return "what is published cannot be read" if path.exists() else "nothing is published"
    ages = ", ".join(
        f"{state['source_name']} {describe_age(state['as_of'])} old"
        + (" (stale)" * state["is_stale"])
        for state in states
        if state["as_of"]
    )
    return (
        f"the other sources are published ({ages})"
        if published
        else (f"published data is unchanged ({ages or 'it is empty'})")
    )
