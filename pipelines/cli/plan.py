"""rollcall plan: write a file of the changes to make in other systems, for a person to approve."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.output import print_result
from pipelines.failures import Misconfigured
from pipelines.redact import UNPRINTABLE

if TYPE_CHECKING:
    from pipelines.write_back.undo import Undo


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("plan", run, "plan the changes to make in other systems, for approval")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the plan to this file")
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="write the changes that people make by hand, without a ticket, to this CSV",
    )
    parser.add_argument(
        "--undo", type=Path, metavar="PLAN", help="undo the changes that this plan made"
    )
    parser.add_argument("--because", default="", metavar="TEXT", help="the reason for --undo")
    add_max_changes(parser)


def add_max_changes(parser: argparse.ArgumentParser) -> None:
    """Add the flag that `plan` and `apply` share."""
    parser.add_argument(
        "--max-changes",
        type=int,
        metavar="N",
        help="exceed the limits; N must be the exact number of changes",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make and print a plan, and write its file if there is anything to change."""
    from pipelines import settings
    from pipelines.export.by_hand import write_by_hand
    from pipelines.policy import company_files, presence
    from pipelines.warehouse.publish import open_published
    from pipelines.words import count_noun
    from pipelines.write_back import plan_text, planning
    from pipelines.write_back.audit_log import changes_folder

    folder, actor = changes_folder(), settings.read_actor()
    with open_published(settings.warehouse_path()) as warehouse:
        undo = _read_undo(arguments, folder, actor) if arguments.undo else None
        plan = planning.make_plan(warehouse, actor, arguments.max_changes, undo)
        rules = company_files.read_policy(company_files.policy_folder())
        unmatched = presence.find_unmatched(warehouse, rules)
        listed = ""
        if arguments.csv:
            changes = planning.list_by_hand(plan, warehouse)
            write_by_hand(warehouse, changes, arguments.csv)
            listed = f"{count_noun(len(changes), 'change')} to make by hand: {arguments.csv}"
    totals = plan.document["totals"]
    arguments.counts = [
        f"{totals['changes']} changes, {totals['blocked']} blocked",
        *(f"{action}: {number}" for action, number in totals["by_action"].items()),
    ]
    path = None
    if plan.changes:
        path = planning.write_plan(plan, arguments.out, folder, actor, undo)
    known = {"code": 0, "path": str(path) if path else None}
    known["csv"] = str(arguments.csv) if arguments.csv else None
    document = known | plan.document | {"unmatched": unmatched}
    # A name may contain characters that move the cursor of a terminal.
    text = [
        *plan_text.describe_plan(plan, path),
        *([listed] if listed else []),
        *(f"warning: {name} matches nothing" for name in unmatched),
        *(f"warning: {text}" for text in [company_files.describe_ignored_folder()] if text),
    ]
    lines = (UNPRINTABLE.sub(" ", line) for line in text)
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


def _read_undo(arguments: argparse.Namespace, folder: Path, actor: str) -> Undo:
    from pipelines.write_back.plan import read_plan
    from pipelines.write_back.undo import undo_plan

    because = arguments.because.strip()
    if not because:
        raise Misconfigured("--because", "an undo needs a reason", "add --because '…'")
    return undo_plan(read_plan(arguments.undo, to_undo=True), folder, actor, because)
