"""rollcall audit: check the log of everything that planning and applying did."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from pipelines.cli.output import print_result
from pipelines.failures import Misconfigured, Refused


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("audit", run, "check the log of what was done to other systems")
    parser.add_argument("what", choices=["verify"], help="that no record was changed or is missing")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="HASH",
        help="a head that was written down before: it must be in the log",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check every record of the log. Raises Refused where one is not as it was written."""
    from pipelines.write_back.audit_log import NEXT_AUDIT, changes_folder, verify_log

    for head in arguments.head:
        if not re.fullmatch("[0-9a-f]{64}", head):
            raise Misconfigured("--head", "it is not a hash", "give all its 64 characters")
    folder = changes_folder()
    report = verify_log(folder, {f"--head {head[:12]}…": head for head in arguments.head})
    if report.wrong:
        more = f" ({len(report.wrong) - 1} more)" if len(report.wrong) > 1 else ""
        raise Refused(f"audit: {folder / 'audit.jsonl'}", report.wrong[0] + more, NEXT_AUDIT)
    document = {"code": 0, "records": report.records, "head": report.head}
    line = f"{report.records} records, every one as it was written · head {report.head}"
    arguments.quiet = False  # the line is the result
    print_result(arguments, document | {"heads_checked": report.heads_checked}, [line])
    return 0
