"""rollcall review: a campaign, from its opening to a packet that an auditor can check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import redact
from pipelines.cli.output import add_step, print_result
from pipelines.cli.review import reassign, remind, verify
from pipelines.cli.review.folder import packet_folder
from pipelines.failures import Misconfigured, Refused

if TYPE_CHECKING:
    from pipelines.review.packet.write import Packet

MAX_NOT_MINE_SHOWN = 20
NO_CAMPAIGN = "no campaign yet; docs/review.md shows how to write one"


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its steps."""
    parser = verb("review", run_open, "run an access review: open it, import decisions, close it")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def add_review_step(
        name: str, run: Callable[[argparse.Namespace], int], about: str, has_campaign: bool = True
    ) -> argparse.ArgumentParser:
        step = add_step(steps, name, run, about)
        if has_campaign:
            step.add_argument("campaign", metavar="CAMPAIGN", help="the name of its file")
        return step

    opens = add_review_step(
        "open", run_open, "freeze who holds what, and write the reviewers' files"
    )
    imports = add_review_step("import", run_import, "import the decisions of the reviewers")
    closes = add_review_step("close", run_close, "end it, and write the packet for the auditor")
    for step in (opens, closes):
        step.add_argument(
            "--out",
            type=Path,
            metavar="DIR",
            help="the folder for the files; default: REVIEW__FILES, or data/reviews",
        )
    _add_open_flags(opens)
    closes.add_argument(
        "--undecided", action="store_true", help="close with undecided items; none is approved"
    )
    imports.add_argument("files", nargs="+", type=Path, metavar="FILE", help="XLSX or CSV")
    imports.add_argument(
        "--good-rows", action="store_true", help="import the other rows if some are rejected"
    )
    imports.add_argument(
        "--supersede", action="store_true", help="let decisions replace earlier ones"
    )
    shows = add_review_step(
        "status", run_status, "show who has decided how much, and what to do next", False
    )
    shows.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one; default: all")
    add_review_step("list", run_list, "list every campaign that has a file or was opened", False)
    for module in (remind, reassign, verify):
        module.add(add_review_step)


def _add_open_flags(step: argparse.ArgumentParser) -> None:
    for name, about in (
        ("stale", "although its last run was not complete or its data is old"),
        ("old-read", "although its last full read was long ago"),
    ):
        step.add_argument(
            f"--accept-{name}",
            action="append",
            default=[],
            metavar="SOURCE",
            help=f"accept this source as it is, {about}",
        )
    step.add_argument("--because", default="", metavar="TEXT", help="why that is acceptable")


def run_open(arguments: argparse.Namespace) -> int:
    """Open a campaign, or write the files of an opened one again."""
    from pipelines import settings
    from pipelines.policy.company_files import describe_ignored_folder
    from pipelines.review import campaign, opening, scope
    from pipelines.review.freshness import Accepted
    from pipelines.review.packet.publish import write_packet_again
    from pipelines.warehouse.publish import open_published

    asked = campaign.read_campaign_file(arguments.campaign)
    out, warehouse = packet_folder(arguments), settings.warehouse_path()
    with open_published(warehouse) as connection:
        status = campaign.campaign_status(connection, asked.name)
        unmatched = scope.find_unmatched(connection, asked) if status is None else []
    ignored = describe_ignored_folder()
    for warning in [*filter(None, [ignored]), *(f"{one} matches nothing" for one in unmatched)]:
        print(f"warning: {redact.UNPRINTABLE.sub(' ', warning)}", file=sys.stderr)
    if status is None:
        accepted = Accepted(arguments.accept_stale, arguments.accept_old_read, arguments.because)
        packet = opening.open_campaign(asked, warehouse, accepted, out)
    else:
        if not arguments.quiet:
            print(
                f"{asked.name} is {status}; its population stays as it was frozen", file=sys.stderr
            )
        packet = write_packet_again(warehouse, asked.name, out, "opened")
    return _print_packet(arguments, packet)


def run_import(arguments: argparse.Namespace) -> int:
    """Import decisions, and print the counts and every rejected row."""
    from pipelines import settings
    from pipelines.review.incoming import take_in

    outcome = take_in.import_decisions(
        settings.warehouse_path(),
        arguments.campaign,
        arguments.files,
        settings.read_actor(),
        arguments.good_rows,
        arguments.supersede,
    )
    code = Refused.code if outcome.rejections else 0
    if outcome.rejections and not arguments.json:
        lines = outcome.describe_rejections()
        print("\n".join(redact.redact_text(line, 600) for line in lines), file=sys.stderr)
    print_result(arguments, {"code": code, **outcome.to_document()}, outcome.summarize())
    return code


def run_close(arguments: argparse.Namespace) -> int:
    """Close a campaign, or write the packet of a closed one again."""
    from pipelines import settings
    from pipelines.review.closing import close_campaign
    from pipelines.review.packet.publish import write_packet_again

    name, warehouse, out = arguments.campaign, settings.warehouse_path(), packet_folder(arguments)
    [state] = _read_states(name)
    if state["status"] == "not opened":
        raise Misconfigured(f"campaign {name}", "the campaign was not opened", state["next"])
    if state["status"] == "open":
        packet = close_campaign(warehouse, name, arguments.undecided, out)
    else:
        packet = write_packet_again(warehouse, name, out, "closed")
    return _print_packet(arguments, packet)


def run_status(arguments: argparse.Namespace) -> int:
    """Print the progress of one campaign or all, reviewer by reviewer."""
    states = _read_states(arguments.campaign)
    lines = []
    for state in states:
        lines += [
            f"{state['campaign']}: {state['title']}",
            f"  {state['status']}, {_due_text(state)}: {_decided_text(state)}",
            *(f"  {one['reviewer']:40} {_decided_text(one)}" for one in state["reviewers"]),
            *map(_not_mine_text, state["not_mine"][:MAX_NOT_MINE_SHOWN]),
            f"  next: {state['next']}",
        ]
    print_result(arguments, {"campaigns": states}, lines or [NO_CAMPAIGN])
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print one line per campaign."""
    states = [
        {name: value for name, value in state.items() if name not in ("reviewers", "not_mine")}
        for state in _read_states()
    ]
    lines = [
        f"{state['campaign']:20} {state['status']:10} {_due_text(state)}: {_decided_text(state)}"
        for state in states
    ]
    print_result(arguments, {"campaigns": states}, lines or [NO_CAMPAIGN])
    return 0


def _read_states(name: str | None = None) -> list[dict[str, Any]]:
    from pipelines import settings
    from pipelines.review import progress
    from pipelines.warehouse.publish import open_published

    with open_published(settings.warehouse_path()) as connection:
        if name:
            return [progress.read_campaign(connection, name)]
        return progress.read_campaigns(connection)


def _due_text(state: dict[str, Any]) -> str:
    days = state["days_left"]
    if days is None or state["status"] == "closed":
        return f"due {state['due_on'] or 'unknown'}"
    left = f"{days} days left" if days >= 0 else f"{-days} days over"
    return f"due {state['due_on']} ({left})"


def _not_mine_text(one: dict[str, Any]) -> str:
    said = f": {redact.UNPRINTABLE.sub(' ', one['comment'])[:200]}" if one["comment"] else ""
    return f"  not mine, says {one['reviewer']}: {one['item_id']}{said}"


def _decided_text(counts: dict[str, Any]) -> str:
    unsettled = counts["unsettled"]
    return f"{counts['decided']} of {counts['items']} decided" + (
        f", {unsettled} unsure or not theirs" if unsettled else ""
    )


def _print_packet(arguments: argparse.Namespace, packet: Packet) -> int:
    from pipelines.review.packet.write import read_manifest

    name, manifest = arguments.campaign, read_manifest(packet.folder)
    counts, digest = manifest["counts"], packet.manifest_sha256
    print_result(
        arguments,
        {"campaign": name, "folder": str(packet.folder), "manifest_sha256": digest, **counts},
        [
            f"{name}: {_decided_text(counts)}, by {len(manifest['reviewers'])} reviewers",
            str(packet.folder),
            f"manifest.json SHA-256 {digest}",
        ],
    )
    return 0
