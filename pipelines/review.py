"""rollcall review: a campaign, from its opening to a packet that an auditor can check."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import said


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its steps."""
    parser = verb("review", open_, "run an access review: open it, take decisions in, close it")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def step(
        name: str, run: Callable[[argparse.Namespace], int], about: str, campaign: bool = True
    ) -> argparse.ArgumentParser:
        flags = said.flags(argparse.SUPPRESS)
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
        opens.add_argument(f"--accept-{name}", action="append", default=[], metavar="SOURCE",
                           help=f"take this source as it is, {about}")  # fmt: skip
    opens.add_argument("--because", default="", metavar="TEXT", help="why that is acceptable")
    for one in (opens,):
        one.add_argument(
            "--out", type=Path, metavar="DIR", help="where files go: REVIEW__FILES, or data/reviews"
        )


def open_(arguments: argparse.Namespace) -> int:
    from pipelines import campaign, opening, settings
    from pipelines.export import opened

    asked = campaign.read(arguments.campaign)
    warehouse = settings.warehouse()
    with opened(warehouse) as connection:
        status = opening.is_open(connection, asked.name)
    if status is None:
        accepted = opening.Accepted(
            arguments.accept_stale, arguments.accept_old_read, arguments.because
        )
        opening.freeze(asked, warehouse, settings.actor(), accepted)
    elif not arguments.quiet:
        print(f"{asked.name} is {status}: its population stays as it was frozen", file=sys.stderr)
    return _packed(arguments, asked.name, "opened")


def _packed(arguments: argparse.Namespace, name: str, label: str) -> int:
    """Write the packet, note its digest, and say where it is."""
    from pipelines import packet, packing, settings

    folder, digest = packing.pack(settings.warehouse(), name, _out(arguments), label)
    manifest = packet.manifest(folder)
    _tell(
        arguments,
        {"campaign": name, "folder": str(folder), "manifest_sha256": digest, **manifest["counts"]},
        [
            f"{name}: {manifest['counts']['items']} grants to decide, by"
            f" {len(manifest['reviewers'])} reviewers",
            f"{folder}",
            f"manifest.json SHA-256 {digest}",
        ],
    )
    return 0


def _out(arguments: argparse.Namespace) -> Path:
    from pipelines import settings

    return arguments.out or Path(settings.setting("review.files", "data/reviews")).expanduser()


def _tell(arguments: argparse.Namespace, document: dict[str, Any], lines: list[str]) -> None:
    if arguments.json:
        print(json.dumps(document, indent=2))
    elif not arguments.quiet:
        print("\n".join(lines))
