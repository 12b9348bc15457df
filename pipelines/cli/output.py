"""Print the result of a command, and its failures: what broke, why, the effect, the next step."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from pipelines import redact
from pipelines.failures import Failure, explain
from pipelines.project import add_project_dir


def common_flags(default: object = False) -> argparse.ArgumentParser:
    """Return a parser with the flags of every command; `default` is the value of a missing flag."""
    parser = argparse.ArgumentParser(add_help=False)
    for name, about in (
        ("--json", "one JSON document on stdout"),
        ("--quiet", "print only results and failures"),
    ):
        parser.add_argument(name, action="store_true", default=default, help=about)
    add_project_dir(parser, argparse.SUPPRESS)  # it may also stand before the verb
    return parser


def add_step(
    steps: Any, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    """Add one step to the steps (argparse's subparsers) of a verb, and return its parser."""
    flags = common_flags(argparse.SUPPRESS)
    step = steps.add_parser(name, help=about, description=about, parents=[flags])
    step.set_defaults(run=run)
    return step


def choose_report(arguments: argparse.Namespace) -> Callable[[str], None]:
    """Return the function that prints progress on stderr, or nothing with --quiet or --json."""
    quiet = arguments.quiet or arguments.json
    return lambda text: None if quiet else print(redact.redact_text(text), file=sys.stderr)


def print_result(
    arguments: argparse.Namespace,
    document: dict[str, Any],
    lines: Iterable[str],
    *,
    even_if_quiet: bool = False,
) -> None:
    """Print a command's result on stdout: the document with --json, else the lines.

    --quiet leaves out the lines, unless `even_if_quiet` because the command is for nothing else.
    """
    if arguments.json:
        print(json.dumps(document, indent=2))
    elif even_if_quiet or not arguments.quiet:
        for line in lines:
            print(line)


def print_failures(
    arguments: argparse.Namespace,
    failures: list[Failure],
    document: dict[str, Any],
    code: int | None = None,
    title: str = "",
) -> None:
    """Print all failures as text on stderr, or with --json as one document on stdout.

    The text is indented below its title, if there is one, so that a log shows one block.
    """
    effect = document.get("effect") or describe_effect(bool(document.get("published")))
    described = [
        {
            "what": redact.redact_text(failure.what),
            "why": redact.redact_text(failure.why, 600),
            "effect": effect,
            "next": failure.next,
            "code": failure.code,
        }
        for failure in failures
    ]
    if arguments.json:
        code = code if code is not None else failures[0].code
        print(json.dumps({"code": code, **document, "failures": described}, indent=2))
        return
    indent = "  " if title else ""
    lines = [title] if title else []
    for failure in described:
        lines.append(f"{indent}{failure['what']}: {failure['why']}")
        if failure["next"]:
            lines.append(f"{indent}  next: {failure['next']}")
    print(*lines, f"{indent}  effect: {effect}", sep="\n", file=sys.stderr)


def explain_failure(error: Exception) -> Failure:
    """Return the failure behind any exception of a command; an unexpected one is a bug."""
    if found := explain(error):
        return found
    from pipelines.warehouse.on_spark.views import explain_unseen  # loads DuckDB and the settings
    from pipelines.warehouse.version import explain_older

    if found := explain_older(error):
        return found
    if found := explain_unseen(error):
        return found
    why = f"{type(error).__name__}: {redact.redact_text(error)}"
    return Failure("unexpected", why, "report this message")


def describe_effect(published: bool) -> str:
    """Return a text about what is published now, and how old it is."""
    from pipelines import settings
    from pipelines.warehouse.publish import open_published
    from pipelines.warehouse.source_states import describe_age, read_source_states

    try:
        path = settings.warehouse_path()
    except Exception:  # the settings cannot be read, which is the failure to print
        return "nothing was read or changed"
    try:
        with open_published(path) as warehouse:
            states = read_source_states(warehouse)
    except Exception:
        return "the published warehouse cannot be read" if path.exists() else "nothing is published"
    fresh, stale = [], []
    for state in states:
        age = describe_age(state["as_of"]) if state["as_of"] else "never read completely"
        if state["is_stale"] or not state["as_of"]:
            stale.append(f"{state['source_name']}: {age} (stale)")
        else:
            fresh.append(f"{state['source_name']}: {age}")
    if published:
        kept = f"; unchanged: {', '.join(stale)}" if stale else ""
        return f"published: {', '.join(fresh)}{kept}"
    return f"the published data is unchanged ({', '.join([*fresh, *stale]) or 'it is empty'})"
