"""rollcall push run: bring a target to what its rules say, within the standing approval."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from pipelines.cli import notify
from pipelines.cli.output import print_failures, print_result
from pipelines.redact import UNPRINTABLE, redact_text

if TYPE_CHECKING:
    from pipelines.unattended.push_run import PushOutcome


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step and its flags."""
    about = "bring the target to what the rules say, within the standing approval"
    step = add_step("run", run, about)
    step.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    step.add_argument(
        "--no-sync", action="store_true", help="begin with what is published, if it is new enough"
    )
    step.add_argument(
        "--max-changes", type=int, metavar="N", help="the number of changes of the plan --digest"
    )
    step.add_argument(
        "--digest", metavar="HASH", help="approve this plan, which an earlier run or `plan` made"
    )
    step.add_argument(
        "--for-watch", action="store_true", help="`rollcall watch` runs it, and sends the messages"
    )


def run(arguments: argparse.Namespace) -> int:
    """Push, print what was done, and return the exit code."""
    from pipelines.unattended.push_run import PushOptions, run_push
    from pipelines.unattended.push_text import choose_message, count_changes, summarize_push

    quiet = arguments.quiet or arguments.json
    options = PushOptions(
        report=lambda text: None if quiet else print(redact_text(text), file=sys.stderr),
        dry_run=arguments.dry_run,
        sync=not arguments.no_sync,
        max_changes=arguments.max_changes,
        digest=arguments.digest,
        begun_by="watch" if arguments.for_watch else "command",
    )
    outcome = run_push(arguments.target, options)
    if arguments.dry_run:
        return _print_dry_run(arguments, outcome)
    message = choose_message(outcome)
    if message is not None:
        arguments.counts = [count_changes(outcome)]
        if outcome.audit_head:
            message.append(f"audit head {outcome.audit_head}")
    document = _document(outcome) | {"summary": message}
    if outcome.postponed:
        print(outcome.postponed, file=sys.stderr)
    # A name may contain characters that move the cursor of a terminal.
    lines = [UNPRINTABLE.sub(" ", line) for line in summarize_push(outcome)]
    if outcome.failures:
        if not arguments.json and outcome.results:
            print_result(arguments, document, lines, even_if_quiet=True)
        is_changed = bool(outcome.results)
        effect = (
            "completed changes stay, and are in the audit log"
            if is_changed
            else (f"nothing was changed in {outcome.target}")
        )
        print_failures(arguments, outcome.failures, document | {"effect": effect}, outcome.code)
    else:
        print_result(arguments, document, lines)
    if message is not None and not arguments.for_watch:
        words = f"push run {outcome.target}"
        notify.send_summary(words, outcome.code, message, "push.notify_urls")
    return outcome.code


def _print_dry_run(arguments: argparse.Namespace, outcome: PushOutcome) -> int:
    """Print the plan that a run would make, and whether the rules are approved."""
    document = {
        "dry_run": True,
        "target": outcome.target,
        "rules_sha256": outcome.rules_sha256,
        "approve": outcome.approve_command,
        "unapproved_because": outcome.unapproved_because or None,
    }
    if outcome.failures:
        effect = {"effect": f"nothing was changed in {outcome.target}"}
        print_failures(arguments, outcome.failures, document | effect, outcome.code)
    elif outcome.plan:
        lines = (UNPRINTABLE.sub(" ", line) for line in _describe_dry_run(outcome))
        whole = {"code": 0, "path": None} | outcome.plan.document | document
        print_result(arguments, whole, lines, even_if_quiet=True)
    return outcome.code


def _describe_dry_run(outcome: PushOutcome) -> Iterator[str]:
    from pipelines.write_back.plan_text import describe_plan

    assert outcome.plan is not None
    yield from describe_plan(outcome.plan, None)
    yield f"digest of the plan  {outcome.plan.digest}"
    yield f"digest of the rules {outcome.rules_sha256}"
    if outcome.unapproved_because:
        yield f"not approved: {outcome.unapproved_because}"
        yield f"  {outcome.approve_command}"
    yield "nothing was changed: this was a dry run"


def _document(outcome: PushOutcome) -> dict[str, Any]:
    """Return the result of a push as `--json` prints it: no value of an attribute is in it."""
    return {
        "code": outcome.code,
        "dry_run": False,
        "target": outcome.target,
        "push_id": outcome.push_id,
        "rules_sha256": outcome.rules_sha256,
        "approve": outcome.approve_command,
        "approved_by": outcome.approved_by,
        "rounds": outcome.rounds,
        "counts": outcome.counts,
        "blocked": outcome.blocked,
        "unproven": outcome.unproven,
        "plan_digest": outcome.plan.digest if outcome.plan else None,
        "audit_head": outcome.audit_head,
        "items": [
            {
                **{
                    name: getattr(one.change, name)
                    for name in ("change_id", "action", "account_id", "entitlement_id", "reason_id")
                },
                "outcome": one.outcome,
                "why": redact_text(one.why),
            }
            for one in outcome.results.values()
        ],
    }
