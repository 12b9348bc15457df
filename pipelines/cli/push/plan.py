"""rollcall push plan: write a file of the changes that push rules ask for, for a person to approve.

A plan may be beyond the limits of the rules. `rollcall apply` makes its changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.output import print_result
from pipelines.redact import UNPRINTABLE

if TYPE_CHECKING:
    from pipelines.write_back.plan import Basis


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step and its flags."""
    about = "plan the changes that the rules ask for, for a person to approve"
    step = add_step("plan", run, about)
    step.add_argument("--out", type=Path, metavar="FILE", help="write the plan to this file")
    step.add_argument(
        "--max-changes", type=int, metavar="N", help="refuse unless this is the number of changes"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make and print a plan, and write its file if there is anything to change."""
    from pipelines import settings
    from pipelines.unattended.basis import read_push_basis
    from pipelines.warehouse.publish import open_published
    from pipelines.write_back import plan_text, planning
    from pipelines.write_back.audit_log import changes_folder

    folder, actor = changes_folder(), settings.read_actor()
    with open_published(settings.warehouse_path()) as warehouse:
        basis = read_push_basis(warehouse, arguments.target)
        plan = planning.make_plan(warehouse, actor, arguments.max_changes, basis=basis)
    lines = [*plan_text.describe_plan(plan, None), *_describe_rules(basis, folder)]
    path = planning.write_plan(plan, arguments.out, folder, actor) if plan.changes else None
    lines += plan_text.describe_commands(plan, path)
    document = {"code": 0, "path": str(path) if path else None} | plan.document
    # A name may contain characters that move the cursor of a terminal.
    lines = [UNPRINTABLE.sub(" ", line) for line in lines]
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


def _describe_rules(basis: Basis, folder: Path) -> Iterator[str]:
    """Yield the digest of the rules, and how to approve them for runs without a person."""
    from pipelines.sources.write_access import writable_tenant
    from pipelines.write_back.approval import PUSH_SUBJECT, explain_unapproved, find_approval, spell

    yield f"rules {basis.rules_sha256}"
    subject, digest = f"{PUSH_SUBJECT}{basis.target}", basis.rules_sha256
    found = find_approval(folder, subject)
    if why := explain_unapproved(found, digest, writable_tenant(str(basis.target))):
        yield f"  without a person nothing is pushed: {why}"
        yield f"  approve: {spell(subject, digest)}"
