"""rollcall review verify: check a packet offline, with nothing but the packet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pipelines import redact
from pipelines.cli.output import print_result
from pipelines.failures import Refused

CHANGED = (
    "The packet was changed after it was written. Ask whoever ran the campaign for a new copy."
)
MATCHES_NOTED = "The manifest is the one whose SHA-256 was noted, and all files match the manifest."
MATCHES_ITSELF = (
    "The packet agrees with itself. Somebody who rewrites every file can make it agree: compare the"
    " manifest's SHA-256 with the one noted when the packet was written (the signed attestation,"
    " table review_packets), or pass it as --manifest-sha256."
)


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    checks = add_step("verify", run_verify, "check offline that a packet is unchanged", False)
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
