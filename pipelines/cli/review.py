"""rollcall review: a campaign, from its opening to a packet that an auditor can check."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import redact
from pipelines.cli import output
from pipelines.failures import Misconfigured, Refused

NONE = "no campaign yet: docs/review.md shows how to write one"
CHANGED = "This is not the packet as it was written. Ask whoever ran the campaign for it again."
KEPT = "The manifest is the one whose digest was noted, and everything else follows from it."
NOT_KEPT = (
    "The packet agrees with itself. Somebody who rewrites every file can make that so: compare the"
    " manifest's SHA-256 with the one that was noted when it was written (the signed attestation,"
    " table review_packets), or say --manifest-sha256."
)


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its steps."""
    parser = verb("review", open_, "run an access review: open it, take decisions in, close it")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def step(
        name: str, run: Callable[[argparse.Namespace], int], about: str, campaign: bool = True
    ) -> argparse.ArgumentParser:
        flags = output.common_flags(argparse.SUPPRESS)
        made = steps.add_parser(name, help=about, description=about, parents=[flags])
        made.set_defaults(run=run)
        if campaign:
            made.add_argument("campaign", metavar="CAMPAIGN", help="the name of its file")
        return made

    opens = step("open", open_, "freeze who holds what, and write the files for the reviewers")
    for name, about in (
        ("stale", "although its last run was not complete, or its data is old"),
        ("old-read", "although everything of it was not read for long"),
    ):
        opens.add_argument(
            f"--accept-{name}",
            action="append",
            default=[],
            metavar="SOURCE",
            help=f"take this source as it is, {about}",
        )
    opens.add_argument("--because", default="", metavar="TEXT", help="why that is acceptable")
    imports = step("import", import_, "take in what the reviewers have decided")
    imports.add_argument("files", nargs="+", type=Path, metavar="FILE", help="XLSX or CSV")
    for name, about in (
        ("good-rows", "leave out the rows that are rejected, and take the others"),
        ("supersede", "let decisions take the place of earlier ones"),
    ):
        imports.add_argument(f"--{name}", action="store_true", help=about)
    closes = step("close", close, "end it, and write the packet for the auditor")
    closes.add_argument(
        "--undecided",
        action="store_true",
        help="although items are not decided: none of them is then approved",
    )
    for one in (opens, closes):
        one.add_argument(
            "--out", type=Path, metavar="DIR", help="where files go: REVIEW__FILES, or data/reviews"
        )
    shows = step("status", status, "who has decided on how much, and what comes next", False)
    shows.add_argument("campaign", nargs="?", metavar="CAMPAIGN", help="one; else all")
    step("list", list_, "every campaign that has a file or was opened", False)
    checks = step("verify", verify, "whether a packet is as it was written, offline", False)
    checks.add_argument("folder", type=Path, metavar="DIR", help="the packet")
    checks.add_argument(
        "--manifest-sha256",
        default="",
        metavar="HEX",
        help="the digest that was noted when it was written",
    )


def open_(arguments: argparse.Namespace) -> int:
    from pipelines import settings
    from pipelines.review import campaign, campaign_state, opening
    from pipelines.review.packet import publish
    from pipelines.warehouse.publish import open_published

    asked = campaign.read_campaign_file(arguments.campaign)
    out = _out(arguments)
    warehouse = settings.warehouse_path()
    with open_published(warehouse) as connection:
        status = campaign_state.campaign_status(connection, asked.name)
    if status is None:
        accepted = opening.Accepted(
            arguments.accept_stale, arguments.accept_old_read, arguments.because
        )
        packed = opening.freeze(asked, warehouse, settings.read_actor(), accepted, out)
    else:
        if not arguments.quiet:
            print(
                f"{asked.name} is {status}: its population stays as it was frozen", file=sys.stderr
            )
        packed = publish.write_packet_again(warehouse, asked.name, out, "opened")
    return _packed(arguments, *packed)


def import_(arguments: argparse.Namespace) -> int:
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
        print(
            "\n".join(redact.redact_text(line, 600) for line in outcome.describe_rejections()),
            file=sys.stderr,
        )
    _tell(arguments, {"code": code, **outcome.to_document()}, outcome.summarize())
    return code


def close(arguments: argparse.Namespace) -> int:
    from pipelines import settings
    from pipelines.review import closing

    name, warehouse, out = arguments.campaign, settings.warehouse_path(), _out(arguments)
    state = _state(name)
    if state["status"] == "not opened":
        raise Misconfigured(f"campaign {name}", "it was not opened", state["next"])
    if state["status"] == "open":
        packed = closing.close_campaign(
            warehouse, name, settings.read_actor(), arguments.undecided, out
        )
    else:
        from pipelines.review.packet import publish

        packed = publish.write_packet_again(warehouse, name, out, "closed")
    return _packed(arguments, *packed)


def status(arguments: argparse.Namespace) -> int:
    states = [_state(arguments.campaign)] if arguments.campaign else _states()
    lines = []
    for one in states:
        lines += [
            f"{one['campaign']}: {one['title']}",
            f"  {one['status']}, {_due(one)}: {_done(one)}",
            *(f"  {theirs['reviewer']:40} {_done(theirs)}" for theirs in one["reviewers"]),
            f"  next: {one['next']}",
        ]
    _tell(arguments, {"campaigns": states}, lines or [NONE])
    return 0


def list_(arguments: argparse.Namespace) -> int:
    states = [
        {name: value for name, value in one.items() if name != "reviewers"} for one in _states()
    ]
    lines = [f"{one['campaign']:20} {one['status']:10} {_due(one)}: {_done(one)}" for one in states]
    _tell(arguments, {"campaigns": states}, lines or [NONE])
    return 0


def verify(arguments: argparse.Namespace) -> int:
    from pipelines.review.packet.verify import verify_packet

    report = verify_packet(arguments.folder, arguments.manifest_sha256)
    wrong = [
        {"file": redact.redact_text(name), "why": redact.redact_text(why)}
        for name, why in report.wrong
    ]
    code = Refused.code if wrong else 0
    meaning = KEPT if arguments.manifest_sha256 else NOT_KEPT
    document = {
        "code": code,
        "folder": str(report.folder),
        "files": report.files,
        "manifest_sha256": report.manifest_sha256,
        "wrong": wrong,
        "meaning": CHANGED if wrong else meaning,
    }
    for one in wrong if not arguments.json else ():
        print(f"{one['file']}: {one['why']}", file=sys.stderr)
    _tell(
        arguments,
        document,
        [CHANGED]
        if wrong
        else [
            f"{report.about['campaign']}: {report.files} files, each as it was written"
            f" ({report.about['status']})",
            f"manifest.json SHA-256 {report.manifest_sha256}",
            meaning,
        ],
    )
    return code


def _states() -> list[dict[str, Any]]:
    from pipelines import settings
    from pipelines.review import progress
    from pipelines.warehouse.publish import open_published

    with open_published(settings.warehouse_path()) as connection:
        return progress.read_campaigns(connection)


def _state(name: str) -> dict[str, Any]:
    from pipelines import settings
    from pipelines.review import progress
    from pipelines.warehouse.publish import open_published

    with open_published(settings.warehouse_path()) as connection:
        return progress.read_campaign(connection, name)


def _due(state: dict[str, Any]) -> str:
    days = state["days_left"]
    if days is None or state["status"] == "closed":
        return f"due {state['due_on'] or 'unknown'}"
    left = f"{days} days left" if days >= 0 else f"{-days} days over"
    return f"due {state['due_on']} ({left})"


def _done(counts: dict[str, Any]) -> str:
    done = f"{counts['decided']} of {counts['items']} decided"
    unsettled = counts["unsettled"]
    return done + (f", {unsettled} unsure or not theirs" if unsettled else "")


def _packed(arguments: argparse.Namespace, folder: Path, digest: str) -> int:
    """Say what is in the packet, and where it is."""
    from pipelines.review.packet import write

    name, manifest = arguments.campaign, write.read_manifest(folder)
    _tell(
        arguments,
        {"campaign": name, "folder": str(folder), "manifest_sha256": digest, **manifest["counts"]},
        [
            f"{name}: {_done(manifest['counts'])}, by {len(manifest['reviewers'])} reviewers",
            f"{folder}",
            f"manifest.json SHA-256 {digest}",
        ],
    )
    return 0


def _out(arguments: argparse.Namespace) -> Path:
    from pipelines import settings

    return arguments.out or Path(settings.read_setting("review.files", "data/reviews")).expanduser()


def _tell(arguments: argparse.Namespace, document: dict[str, Any], lines: list[str]) -> None:
    if arguments.json:
        print(json.dumps(document, indent=2))
    elif not arguments.quiet:
        print("\n".join(lines))
