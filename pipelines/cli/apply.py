"""rollcall apply: carry out a plan that was approved by its digest, and prove what was done.

Without the digest nothing is changed: the state of each item is read and printed. With the digest,
the changes are made one after the other. A run that was killed is run again with the same command:
it reads the live state first, and goes on from there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import print_failures, print_result
from pipelines.cli.plan import add_max_changes
from pipelines.failures import Failure, Incomplete, Refused
from pipelines.redact import UNPRINTABLE, redact_text

if TYPE_CHECKING:
    from pipelines.sources.writer import Provisioner
    from pipelines.write_back.apply import Course
    from pipelines.write_back.journal import Journal
    from pipelines.write_back.plan import Plan


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("apply", run, "carry out a plan; without its digest, say what would be done")
    parser.add_argument("plan", type=Path, metavar="PLAN", help="the file that `plan` wrote")
    parser.add_argument("--digest", metavar="HASH", help="approve the plan that has it")
    add_max_changes(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carry the plan out, or look at each item where no digest is given."""
    from pipelines import settings
    from pipelines.files.json_lines import hold_folder
    from pipelines.write_back import plan as plans
    from pipelines.write_back.admission import admit_plan
    from pipelines.write_back.audit_log import changes_folder
    from pipelines.write_back.collect import publish_journals
    from pipelines.write_back.journal import Journal

    plan, folder = plans.read_plan(arguments.plan), changes_folder()
    if arguments.digest is None:
        journal = Journal(folder, plan, settings.read_actor())
        return _look(arguments, plan, journal, admit_plan(plan, journal, arguments.max_changes))
    if arguments.digest != plan.digest:
        why = f"its digest is {plan.digest}, another one was approved"
        raise Refused(f"plan {arguments.plan}", why, "look at the plan again, and give its digest")
    with hold_folder(folder, "plan or apply"):
        journal = Journal(folder, plan, settings.read_actor())
        writers = admit_plan(plan, journal, arguments.max_changes)
        course = _carry_out(arguments, plan, journal, writers)
        postponed = publish_journals()
    if postponed:
        print(postponed, file=sys.stderr)
    return _report(arguments, plan, journal, course)


def _look(
    arguments: argparse.Namespace, plan: Plan, journal: Journal, writers: dict[str, Provisioner]
) -> int:
    """Read the live state of every item, and print what would be done. Change nothing."""
    from pipelines.write_back.plan_text import describe_change

    items = []
    for change in plan.changes:
        seen = writers[change.through].look(change, journal.asked_at(change))
        items.append(
            {"change_id": change.change_id, "state": seen.state, "why": redact_text(seen.why)}
        )
        if not arguments.json:
            state = "would be done" if seen.state == "pending" else seen.state
            print(f"{state}{': ' * bool(seen.why)}{redact_text(seen.why)}")
            for line in describe_change(change.item()):
                print(f"  {UNPRINTABLE.sub(' ', line)}")
    next_step = f"rollcall apply {arguments.plan} --digest {plan.digest}"
    arguments.quiet = False  # what would be done is the result
    document = {"code": 0, "digest": plan.digest, "dry_run": True, "items": items}
    print_result(arguments, document, [f"nothing was changed; to do it: {next_step}"])
    return 0


def _carry_out(
    arguments: argparse.Namespace, plan: Plan, journal: Journal, writers: dict[str, Provisioner]
) -> Course:
    """Make the changes, and show each on stderr."""
    from pipelines.write_back import apply

    quiet = arguments.quiet or arguments.json
    return apply.apply_plan(
        plan,
        journal,
        writers,
        say=lambda text: None if quiet else print(redact_text(text), file=sys.stderr),
    )


def _report(arguments: argparse.Namespace, plan: Plan, journal: Journal, course: Course) -> int:
    """Print the outcome of every change, and return the exit code."""
    from pipelines.write_back.journal import SETTLED_OUTCOMES
    from pipelines.write_back.plan_text import count_noun

    document: dict[str, Any] = {
        "digest": plan.digest,
        "dry_run": False,
        "counts": course.counts,
        "stopped": course.stopped,
        "audit_head": journal.log.head,
        "items": [
            {"change_id": key, "outcome": outcome, "why": course.why[key]}
            for key, outcome in course.outcomes.items()
        ],
    }
    said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in course.counts.items())
    arguments.counts = [f"{count_noun(len(plan.changes), 'change')}: {said}"]
    arguments.quiet = False  # the counts and the head are the result
    lines = [arguments.counts[0], f"audit head {journal.log.head}"]
    failures: list[Failure] = [course.wrong] if course.wrong else []
    unsettled = sum(n for name, n in course.counts.items() if name not in SETTLED_OUTCOMES)
    if unsettled and not failures:
        reasons = dict.fromkeys(why for why in course.why.values() if why)
        why = "; ".join([*filter(None, [course.stopped]), said, *[*reasons][:2]])
        failures = [Incomplete("apply", why, "run the same command again: it goes on from here")]
    if not failures:
        print_result(arguments, {"code": 0} | document, lines)
        return 0
    if not arguments.json:
        print_result(arguments, document, lines)
    effect = "what is done is done, and in the audit log; the rest is as it was"
    print_failures(arguments, failures, document | {"effect": effect}, failures[0].code)
    return failures[0].code
