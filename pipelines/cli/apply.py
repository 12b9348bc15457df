"""rollcall apply: make the changes of a plan that was approved by its digest.

Without the digest this is a dry run: the live state of each item is read and printed. With the
digest, the changes are made one after the other. If a run was killed, run the same command again:
it reads the live state first and continues from there.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import choose_report, print_failures, print_result
from pipelines.cli.plan import add_max_changes
from pipelines.failures import Failure, Incomplete, Misconfigured, Refused
from pipelines.redact import UNPRINTABLE, redact_text

if TYPE_CHECKING:
    from pipelines.sources.writer import Change, Provisioner
    from pipelines.write_back.apply import Progress, Report
    from pipelines.write_back.journal import Journal
    from pipelines.write_back.plan import Basis, Plan

# What `--json` says of a change besides its outcome
SHOWN_FIELDS = (
    *("action", "source_name", "account_id", "account_name"),
    *("entitlement_id", "entitlement_name", "scope_id"),
)
# What to do about a change by its outcome, or by its live state in a dry run
NEXT_STEPS = {
    "drift": "run `rollcall sync` and `rollcall plan`: the live state is not that of the plan",
    "failed": "mend what the reason says, then run `rollcall sync` and `rollcall plan`",
    "not_tried": "run the same command again",
    "open": "run the same command again: it looks first whether the change was made",
    "ticketed": "wait until the ticket is done, and run `rollcall sync`",
    "wrong": "find out who has this id now, then make a new plan",
}


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("apply", run, "make the changes of a plan; a dry run without --digest")
    parser.add_argument("plan", type=Path, metavar="PLAN", help="the file that `plan` wrote")
    parser.add_argument("--digest", metavar="HASH", help="the digest of the approved plan")
    parser.add_argument(
        "--approved-by", metavar="MAIL", help="the second person who approved it, for the audit log"
    )
    add_max_changes(parser)


def run(arguments: argparse.Namespace) -> int:
    """Apply the plan, or print the live state of each item if no digest is given."""
    from pipelines import settings
    from pipelines.warehouse.publish import open_published
    from pipelines.write_back import apply
    from pipelines.write_back import plan as plans
    from pipelines.write_back.admission import admit_plan
    from pipelines.write_back.audit_log import changes_folder, hold_changes
    from pipelines.write_back.collect import publish_journals
    from pipelines.write_back.journal import Journal
    from pipelines.write_back.second_person import check_second_person

    plan, folder = plans.read_plan(arguments.plan), changes_folder()
    if arguments.digest is None:
        if arguments.approved_by is not None:
            raise Misconfigured(
                "--approved-by", "nothing is applied without --digest", "add --digest HASH"
            )
        journal = Journal(folder, plan, settings.read_actor())
        writers = admit_plan(plan, journal, arguments.max_changes, _read_basis(plan))
        _print_dry_run(arguments, plan, journal, writers)
        return 0
    if arguments.digest != plan.digest:
        why = f"the digest of this plan is {plan.digest}, but another digest was approved"
        raise Refused(f"plan {arguments.plan}", why, "read the plan again, and give its digest")
    with open_published(settings.warehouse_path()) as warehouse:
        approver = check_second_person(
            plan, arguments.approved_by, settings.read_actor(), warehouse
        )
    with hold_changes(folder):
        journal = Journal(folder, plan, settings.read_actor())
        writers = admit_plan(plan, journal, arguments.max_changes, _read_basis(plan))
        permission = apply.Permission(second_person=approver)
        progress = apply.apply_plan(plan, journal, writers, _report_in_words(arguments), permission)
        postponed = publish_journals()
    if postponed:
        print(postponed, file=sys.stderr)
    return _print_outcomes(arguments, plan, journal, progress, approver)


def _read_basis(plan: Plan) -> Basis | None:
    """Return what a plan of this kind would be made from now; None if that makes no difference."""
    if plan.kind == "access":
        return None
    from pipelines import settings
    from pipelines.unattended.basis import read_basis
    from pipelines.warehouse.publish import open_published

    with open_published(settings.warehouse_path()) as warehouse:
        return read_basis(warehouse, plan)


def _print_dry_run(
    arguments: argparse.Namespace, plan: Plan, journal: Journal, writers: dict[str, Provisioner]
) -> None:
    from pipelines.write_back.apply import announce_changes
    from pipelines.write_back.plan_text import describe_change

    items, lines = [], []
    announce_changes(plan.changes, writers)
    for change in plan.changes:
        seen = writers[change.through].look(change, journal.asked_at(change))
        why = redact_text(seen.why)
        step = _find_next_step(plan, seen.state)
        items.append({"change_id": change.change_id, "state": seen.state, "why": why, "next": step})
        state = "would be done" if seen.state == "pending" else seen.state
        lines.append(f"{state}: {why}" if why else state)
        lines += [f"  {UNPRINTABLE.sub(' ', line)}" for line in describe_change(change.item())]
        lines += [f"  next: {step}"] if step else []
    next_step = f"rollcall apply {arguments.plan} --digest {plan.digest}"
    lines.append(f"nothing was changed; to apply the plan: {next_step}")
    document = {"code": 0, "digest": plan.digest, "dry_run": True, "items": items}
    print_result(arguments, document, lines, even_if_quiet=True)


def _report_in_words(arguments: argparse.Namespace) -> Report:
    """Return the function that prints each change on stderr as soon as its outcome is known."""
    report = choose_report(arguments)
    return lambda change, outcome, why: report(_describe_outcome(change, outcome, why))


def _describe_outcome(change: Change, outcome: str, why: str) -> str:
    """Return the outcome of a change in one line: who and what, by name."""
    from pipelines.write_back.plan_text import describe_briefly

    text = f"{outcome.replace('_', ' ')}: {describe_briefly(change.item())}"
    return UNPRINTABLE.sub(" ", f"{text}: {redact_text(why)}" if why else text)


def _print_outcomes(
    arguments: argparse.Namespace,
    plan: Plan,
    journal: Journal,
    progress: Progress,
    approver: str | None,
) -> int:
    """Print the outcome of every change, and return the exit code."""
    from pipelines.words import count_noun
    from pipelines.write_back.journal import SETTLED_OUTCOMES

    changes = {change.change_id: change for change in plan.changes}

    document: dict[str, Any] = {
        "digest": plan.digest,
        "dry_run": False,
        "counts": progress.counts,
        "stopped": progress.stopped,
        "audit_head": journal.log.head,
        "approved_by": approver,
        "items": [
            {
                "change_id": change_id,
                "outcome": outcome,
                **{name: getattr(changes[change_id], name) for name in SHOWN_FIELDS},
                "why": progress.reasons[change_id],
                "next": _find_next_step(plan, outcome),
            }
            for change_id, outcome in progress.outcomes.items()
        ],
    }
    counts = ", ".join(
        f"{number} {outcome.replace('_', ' ')}" for outcome, number in progress.counts.items()
    )
    # The head goes out with the message, because a copy elsewhere is what proves the log.
    head = f"audit head {journal.log.head}"
    arguments.counts = [f"{count_noun(len(plan.changes), 'change')}: {counts}", head]
    # There the progress has named every change.
    is_told = not arguments.quiet and _is_one_output()
    lines = [
        *(
            _describe_outcome(changes[change_id], outcome, progress.reasons[change_id])
            for change_id, outcome in progress.outcomes.items()
            if not (is_told and outcome in SETTLED_OUTCOMES)
        ),
        *([f"approved by {approver}, as whoever applied the plan says"] if approver else []),
        *arguments.counts,
        *_describe_next_steps(plan, progress),
    ]
    failure = _find_failure(progress, counts)
    if failure is None:
        print_result(arguments, {"code": 0} | document, lines, even_if_quiet=True)
        return 0
    if not arguments.json:
        print_result(arguments, document, lines, even_if_quiet=True)
    effect = "completed changes stay, and are in the audit log"
    print_failures(arguments, [failure], document | {"effect": effect}, failure.code)
    return failure.code


def _is_one_output() -> bool:
    """Return whether progress and result go to the same place, such as a terminal or one log."""
    try:
        places = [os.fstat(stream.fileno()) for stream in (sys.stdout, sys.stderr)]
    except (OSError, ValueError):  # a stream is closed, or is no file
        return False
    return os.path.samestat(*places)


def _find_next_step(plan: Plan, state: str) -> str | None:
    """Return what to do about a change; None if it is in place."""
    step = NEXT_STEPS.get(state)
    if step and plan.target:
        return step.replace("`rollcall plan`", f"`rollcall push plan {plan.target}`")
    return step


def _describe_next_steps(plan: Plan, progress: Progress) -> Iterator[str]:
    """Yield the next step of every outcome that is not the end of its changes."""
    for outcome, count in progress.counts.items():
        if step := _find_next_step(plan, outcome):
            yield f"{count} {outcome.replace('_', ' ')}: next: {step}"


def _find_failure(progress: Progress, counts: str) -> Failure | None:
    """Return the failure of an apply that did not complete; None if every change is settled."""
    from pipelines.write_back.journal import SETTLED_OUTCOMES

    if progress.refused:
        return progress.refused
    if {*progress.outcomes.values()} <= {*SETTLED_OUTCOMES}:
        return None
    reasons = [*dict.fromkeys(why for why in progress.reasons.values() if why)]
    why = "; ".join([*filter(None, [progress.stopped]), counts, *reasons[:2]])
    return Incomplete("apply", why, "run the same command again to continue")
