"""rollcall push run: bring a target to what its rules say, within the standing approval."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli import standing
from pipelines.cli.output import choose_report
from pipelines.monitoring import notify


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step and its flags."""
    about = "bring the target to what the rules say, within the standing approval"
    step = add_step("run", run, about)
    standing.add_run_flags(step)
    step.add_argument(
        "--max-changes", type=int, metavar="N", help="the number of changes of the plan --digest"
    )
    step.add_argument(
        "--digest", metavar="HASH", help="approve this plan, which an earlier run or `plan` made"
    )


@standing.tell_monitoring
def run(arguments: argparse.Namespace) -> int:
    """Push, print what was done, and return the exit code."""
    from pipelines.unattended.push_run import PushOptions, run_push
    from pipelines.unattended.push_text import choose_message, describe_details

    options = PushOptions(
        report=choose_report(arguments),
        dry_run=arguments.dry_run,
        sync=not arguments.no_sync,
        max_changes=arguments.max_changes,
        digest=arguments.digest,
        begun_by="watch" if arguments.for_watch else "command",
    )
    outcome = run_push(arguments.target, options)
    if arguments.dry_run:
        return standing.print_dry_run(arguments, outcome, target=outcome.target)
    message = choose_message(outcome)
    if message is not None:
        arguments.counts = [outcome.describe_counts()]
        message += [f"audit head {outcome.audit_head}"] if outcome.audit_head else []
    document = {"target": outcome.target, "push_id": outcome.push_id, "summary": message}
    document |= standing.describe_outcome(outcome)
    code = standing.print_outcome(arguments, outcome, document, describe_details(outcome))
    if message is not None and not arguments.for_watch:
        notify.send_summary(f"push run {outcome.target}", code, message, "push.notify_urls")
    return code
