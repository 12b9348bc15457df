"""rollcall systems: the systems that files declare. `systems test` tries one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import add_step, print_result
from pipelines.failures import Misconfigured
from pipelines.redact import UNPRINTABLE

if TYPE_CHECKING:
    from pipelines.sync.system_trial import Trial

MAX_CELL = 40  # characters of a value that is shown
RULES = {
    "hr_record": "by the HR record",
    "employee_number": "by employee number",
    "email": "by email",
    "username": "by username",
    "ambiguous": "to nobody, because the evidence contradicts itself",
    "none": "to nobody that HR knows",
}


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its step."""
    parser = verb("systems", run, "systems that a file declares: try one")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    about = "read one and show what it becomes; publish nothing"
    step = add_step(steps, "test", run, about)
    step.add_argument("name", metavar="NAME", help="the system that systems/NAME.toml declares")
    step.add_argument(
        "--show", type=int, default=5, metavar="N", help="rows of each table that are shown"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what came, what it becomes, whom it matches, and what would change."""
    from pipelines import settings
    from pipelines.sync.system_trial import try_system

    if arguments.show < 0:
        raise Misconfigured("--show", "it must not be negative", "use a number such as 20")
    settings.check_names()
    trial = try_system(arguments.name, settings.warehouse_path(), arguments.show)
    lines = (UNPRINTABLE.sub(" ", line) for line in _describe(trial))
    # JSON has no times
    document = {"code": 0} | json.loads(json.dumps(asdict(trial), default=str))
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


def _describe(trial: Trial) -> Iterator[str]:
    as_of = f", as of {trial.as_of:%Y-%m-%d %H:%M} UTC" if trial.as_of else ""
    yield f"{trial.system} ({trial.title}){as_of}"
    yield from (f"warning: {text}" for text in trial.warnings)
    yield ""
    yield "what came"
    for name, table in trial.came.items():
        yield from _describe_table(name, table)
    yield ""
    yield "what it becomes"
    for name, table in trial.becomes.items():
        if name != "implications" or table["rows"]:
            more = ""
            if name == "accounts":
                more = ", ".join(f"{count} {status}" for status, count in trial.statuses.items())
            yield from _describe_table(name, table, more)
    yield ""
    if trial.matches is None:
        yield "nothing is published yet, so no account can be matched with a person"
    else:
        yield from _describe_matches(trial)
    yield "nothing was published"


def _describe_matches(trial: Trial) -> Iterator[str]:
    yield "whom the accounts belong to"
    for rule, words in RULES.items():
        if count := (trial.matches or {}).get(rule):
            yield f"  {count} {words}"
    if trial.leavers:
        yield f"  {trial.leavers} of them to people who have left"
    for row in trial.matched_rows:
        person = row["full_name"] or RULES[row["match_rule"]].removeprefix("to ")
        left = " (left)" if row["employment_status"] == "leaver" else ""
        yield f"    {row['account_id']}  {row['display_name'] or ''} -> {person}{left}"
    yield ""
    yield "compared with what is published"
    for table, counts in (trial.changes or {}).items():
        yield f"  {table}: {counts['new']} new, {counts['gone']} gone"
    yield from (f"  the guard would refuse {change}" for change in trial.refused)


def _describe_table(name: str, table: dict[str, Any], more: str = "") -> Iterator[str]:
    yield f"  {name}: {table['rows']:,} rows{f' ({more})' if more else ''}"
    first = table["first"]
    columns = [one for one in table["columns"] if any(row[one] is not None for row in first)]
    if not columns:
        return
    cells = [columns, *([_cut(row[column]) for column in columns] for row in first)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"    {line}".rstrip()


def _cut(value: Any) -> str:
    text = UNPRINTABLE.sub(" ", "" if value is None else str(value))
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
