"""rollcall audit: verify the log of everything that `plan` and `apply` did."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from pipelines.cli.output import print_result
from pipelines.failures import Misconfigured, Refused

MATCHES_ITSELF = (
    "The log agrees with itself, and with the heads in its folder and in the warehouse. Whoever can"
    " write both can write all of them anew: only a head that was noted elsewhere proves more"
    " (--head)."
)
MATCHES_NOTED = "The log has every head that was noted elsewhere, so nothing before it was changed."


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("audit", run, "verify the log of changes in other systems")
    parser.add_argument(
        "what", choices=["verify"], help="check that no record was edited or is missing"
    )
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="HASH",
        help="an earlier head of the log, noted elsewhere; the log must contain it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Verify the log, and print its size and head. Raise Refused if a record is not as written."""
    from pipelines.write_back.audit_log import NEXT_AUDIT, changes_folder, verify_log

    for head in arguments.head:
        if not re.fullmatch("[0-9a-f]{64}", head):
            raise Misconfigured("--head", f"{head} is not a hash", "give all 64 characters")
    folder = changes_folder()
    report = verify_log(folder, {f"--head {head[:12]}…": head for head in arguments.head})
    if report.wrong:
        more = f" ({len(report.wrong) - 1} more)" if len(report.wrong) > 1 else ""
        raise Refused(f"audit: {folder / 'audit.jsonl'}", report.wrong[0] + more, NEXT_AUDIT)
    document = {
        "code": 0,
        "records": report.records,
        "head": report.head,
        "heads_checked": report.heads_checked,
        "meaning": MATCHES_NOTED if arguments.head else MATCHES_ITSELF,
    }
    line = f"{report.records} records, all as they were written · head {report.head}"
    print_result(arguments, document, [line, document["meaning"]], even_if_quiet=True)
    return 0
