"""rollcall review: a campaign, from its opening to a packet that an auditor can check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import redact
from pipelines.cli.output import add_step, print_result
from pipelines.failures import Misconfigured, Refused

if TYPE_CHECKING:
    from pipelines.review.packet.write import Packet

NO_CAMPAIGN = "no campaign yet; docs/review.md shows how to write one"
CHANGED = (
    "The packet was changed after it was written. Ask whoever ran the campaign for a new copy."
)
MATCHES_NOTED = "The manifest is the one whose SHA-256 was noted, and all files match the manifest."
MATCHES_ITSELF = (
    "The packet agrees with itself. Somebody who rewrites every file can make it agree: compare the"
    " manifest's SHA-256 with the one noted when the packet was written (the signed attestation,"
    " table review_packets), or pass it as --manifest-sha256."
)


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
    checks = add_review_step(
        "verify", run_verify, "check offline that a packet is unchanged", False
    )
    checks.set_defaults(needs_no_settings=True)  # an auditor has nothing but the packet
    checks.add_argument("folder", type=Path, metavar="DIR", help="the packet")
    checks.add_argument(
        "--manifest-sha256",
        default="",
        metavar="HEX",
        help="the digest that was noted when the packet was written",
    )
    checks.add_argument(
        "--allowed-signers", type=Path, metavar="FILE", help="who may have signed it (ssh-keygen)"
    )


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
    out, warehouse = _out_folder(arguments), settings.warehouse_path()
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

    name, warehouse, out = arguments.campaign, settings.warehouse_path(), _out_folder(arguments)
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
            f"  next: {state['next']}",
        ]
    print_result(arguments, {"campaigns": states}, lines or [NO_CAMPAIGN])
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print one line per campaign."""
    states = [
        {name: value for name, value in state.items() if name != "reviewers"}
        for state in _read_states()
    ]
    lines = [
        f"{state['campaign']:20} {state['status']:10} {_due_text(state)}: {_decided_text(state)}"
        for state in states
    ]
    print_result(arguments, {"campaigns": states}, lines or [NO_CAMPAIGN])
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Check a packet, and print what is wrong with which file."""
    from pipelines.review.packet.verify import verify_packet

    signers = arguments.allowed_signers
    report = verify_packet(arguments.folder, arguments.manifest_sha256, signers)
    wrong = [
        {"file": redact.redact_text(name), "why": redact.redact_text(why)}
        for name, why in report.wrong
    ]
    if wrong:
        code, meaning, lines = Refused.code, CHANGED, [CHANGED]
    else:
        code, meaning = 0, MATCHES_NOTED if arguments.manifest_sha256 else MATCHES_ITSELF
        lines = [
            f"{report.about['campaign']} ({report.about['status']}): all {report.files} files are"
            " unchanged",
            f"manifest.json SHA-256 {report.manifest_sha256}",
            report.describe_signature(),
            meaning,
        ]
    for one in wrong if not arguments.json else ():
        print(f"{one['file']}: {one['why']}", file=sys.stderr)
    document = {
        "code": code,
        "folder": str(report.folder),
        "files": report.files,
        "manifest_sha256": report.manifest_sha256,
        "signed_by": report.signed_by or None,
        "wrong": wrong,
        "meaning": meaning,
    }
    print_result(arguments, document, lines)
    return code


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


def _out_folder(arguments: argparse.Namespace) -> Path:
    from pipelines import settings

    return arguments.out or Path(settings.read_setting("review.files", "data/reviews")).expanduser()
