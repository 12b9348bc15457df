"""rollcall review reassign: let another reviewer decide on items of an open campaign."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.output import print_result
from pipelines.cli.review.folder import packet_folder
from pipelines.words import count_noun


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    step = add_step("reassign", run, "give items to another reviewer, who gets new files", False)
    step.add_argument("items", nargs="+", metavar="ITEM", help="an item_id, as files have it")
    step.add_argument("--to", required=True, metavar="MAIL", help="the address of the new reviewer")
    step.add_argument("--because", required=True, metavar="TEXT", help="why; the packet has it")
    step.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder for the files; default: REVIEW__FILES, or data/reviews",
    )


def run(arguments: argparse.Namespace) -> int:
    """Reassign the items, and print where the new reviewer's files are."""
    from pipelines import settings
    from pipelines.review.reassigning import Wanted, reassign_items

    wanted = Wanted(
        [*dict.fromkeys(arguments.items)],
        arguments.to.strip().lower(),
        " ".join(arguments.because.split()),
    )
    done = reassign_items(settings.warehouse_path(), wanted, packet_folder(arguments))
    lines = [f"{done.campaign}: {count_noun(len(done.moved), 'item')} given to {done.reviewer}"]
    if done.already:
        lines.append(f"  items that were theirs before: {done.already}")
    if done.decided:
        lines.append(
            f"  items that were decided: {done.decided}; their decisions stay until an import with"
            " --supersede"
        )
    lines += [
        f"{done.folder}",
        f"next: send one of these files to {done.reviewer}; earlier files cannot decide on these"
        " items any more",
    ]
    document = {
        "campaign": done.campaign,
        "reviewer": done.reviewer,
        "moved": done.moved,
        "already": done.already,
        "decided": done.decided,
        "folder": str(done.folder),
    }
    print_result(arguments, document, lines)
    return 0
