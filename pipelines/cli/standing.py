"""What the commands share that run by themselves within a standing approval: flags and printing."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import explain_failure, print_failures, print_result
from pipelines.failures import Locked, Misconfigured
from pipelines.redact import UNPRINTABLE, redact_text

if TYPE_CHECKING:
    from pipelines.unattended.job import JobOutcome
    from pipelines.write_back.approval import Approval


def add_approve_flags(step: argparse.ArgumentParser, status: str) -> None:
    """Add the flags of a step that approves; `status` is the command that prints the digest."""
    step.add_argument(
        "--digest", required=True, metavar="HEX", help=f"the digest that `{status}` prints"
    )
    step.add_argument(
        "--until", metavar="DATE", help="the last day (default: in 1 year; at most 2 years)"
    )


def add_run_flags(step: argparse.ArgumentParser) -> None:
    """Add the flags of a step that runs what is approved."""
    step.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    step.add_argument(
        "--no-sync", action="store_true", help="begin with what is published, if it is new enough"
    )
    add_for_watch(step)


def add_for_watch(step: argparse.ArgumentParser) -> None:
    """Add the flag by which `watch` runs another command, and sends its message itself."""
    step.add_argument(
        "--for-watch", action="store_true", help="`rollcall watch` runs it, and sends the messages"
    )


def tell_monitoring(run: Callable[[argparse.Namespace], int]) -> Callable[..., int]:
    """Let a command that a scheduler runs ping the dead man's switch of its verb, as a sync does.

    A dry run pings nobody. Neither does a run that another one keeps out.
    """

    @wraps(run)
    def run_and_ping(arguments: argparse.Namespace) -> int:
        from pipelines.monitoring import healthcheck

        arguments.begun = time.monotonic()
        try:
            code = run(arguments)
        except BrokenPipeError:
            raise
        except Exception as error:
            failure = explain_failure(error)
            code = failure.code
            is_log = not (arguments.dry_run or arguments.json or sys.stderr.isatty())
            title = _describe_end(arguments, code, "an unexpected error") if is_log else ""
            print_failures(arguments, [failure], {}, title=title)
        if code != Locked.code and not arguments.dry_run:
            healthcheck.ping(code, f"{arguments.verb}_url")
        return code

    return run_and_ping


def _describe_end(arguments: argparse.Namespace, code: int, results: str) -> str:
    """Return the one line of a run in a log."""
    from pipelines.monitoring.run_text import describe_end

    words = " ".join(filter(None, [arguments.verb, getattr(arguments, "target", None)]))
    return describe_end(words, code, [results], time.monotonic() - arguments.begun)


def choose_last_day(text: str | None) -> date:
    """Return the last day of an approval: --until, or a year from now. Raises Misconfigured."""
    from pipelines.write_back.approval import DEFAULT_YEARS, add_years

    try:
        today = datetime.now(UTC).date()
        return date.fromisoformat(text) if text else add_years(today, DEFAULT_YEARS)
    except ValueError:
        why = f"{text} is not a day"
        raise Misconfigured("--until", why, "write it as in 2027-12-31") from None


def describe_approval(
    subject: str, digest: str, tenant: str, found: Approval | None
) -> dict[str, Any]:
    """Return what `--json` says of a subject: its digest, its tenant, and who approved it."""
    from pipelines.write_back.approval import explain_unapproved, spell

    why = explain_unapproved(found, digest, tenant)
    return {
        "rules_sha256": digest,
        "tenant": tenant,
        "is_approved": not why,
        "unapproved_because": why or None,
        "approve": spell(subject, digest) if why else None,
        "approved_by": found.approved_by if found else None,
        "approved_at": found.approved_at if found else None,
        "until": found.until.isoformat() if found else None,
    }


def spell_approval(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about an approval that `describe_approval` has described."""
    yield f"  digest {document['rules_sha256']}"
    yield f"  tenant {document['tenant']}"
    if document["is_approved"]:
        day = document["approved_at"][:10]
        yield f"  approved on {day} until {document['until']}, by {document['approved_by']}"
    else:
        yield f"  not approved: {document['unapproved_because']}"
        yield f"    {document['approve']}"


def describe_outcome(outcome: JobOutcome) -> dict[str, Any]:
    """Return what `--json` says of a run: no value of an attribute is in it."""
    return _describe_rules(outcome) | {
        "code": outcome.code,
        "dry_run": False,
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


def print_outcome(
    arguments: argparse.Namespace, outcome: JobOutcome, document: dict[str, Any], details: list[str]
) -> int:
    """Print what a run did, and return its exit code: its counts, and below them the details.

    A log gets one line for the run, as for a sync, and the details are indented below that line.
    """
    stream = sys.stderr if outcome.failures else sys.stdout
    is_log = not (arguments.json or stream.isatty())
    counts = outcome.describe_counts()
    if is_log:
        counts = _describe_end(arguments, outcome.code, outcome.describe_results())
        details = [f"  {line}" for line in details]
    # A name may move a terminal's cursor
    counts, *details = [UNPRINTABLE.sub(" ", line) for line in (counts, *details)]
    if not outcome.failures:
        if arguments.quiet and is_log:
            _print_line(arguments, counts)
        else:
            print_result(arguments, document, [counts, *details])
    else:
        has_lines = outcome.results and not arguments.json
        if has_lines and not is_log:
            print_result(arguments, document, [counts, *details], even_if_quiet=True)
        effect = "completed changes stay, and are in the audit log"
        about = document | {"effect": effect if outcome.results else "nothing was changed"}
        title = counts if is_log else ""
        print_failures(arguments, outcome.failures, about, outcome.code, title)
        if has_lines and is_log:
            print_result(arguments, document, details, even_if_quiet=True)
    if outcome.postponed:
        print(f"  {outcome.postponed}" if is_log else outcome.postponed, file=sys.stderr)
    return outcome.code


def _print_line(arguments: argparse.Namespace, line: str) -> None:
    """Print the line of a quiet run in a log, unless a missing ping tells of a missing run."""
    from pipelines.monitoring.healthcheck import read_address

    if not read_address(f"{arguments.verb}_url"):
        print(line)


def _describe_rules(outcome: JobOutcome) -> dict[str, Any]:
    return {
        "rules_sha256": outcome.rules_sha256,
        "approve": outcome.approve_command,
        "unapproved_because": outcome.unapproved_because or None,
    }


def print_dry_run(arguments: argparse.Namespace, outcome: JobOutcome, **about: str) -> int:
    """Print the plan that a run would make, and whether its rules are approved."""
    document = {"dry_run": True} | about | _describe_rules(outcome)
    if outcome.plan and not outcome.failures:
        lines = (UNPRINTABLE.sub(" ", line) for line in _spell_dry_run(outcome))
        whole = {"code": 0, "path": None} | outcome.plan.document | document
        print_result(arguments, whole, lines, even_if_quiet=True)
    else:
        effect = {"effect": "nothing was changed"}
        print_failures(arguments, outcome.failures, document | effect, outcome.code)
    return outcome.code


def _spell_dry_run(outcome: JobOutcome) -> Iterator[str]:
    from pipelines.write_back.plan_text import describe_plan

    assert outcome.plan is not None
    yield from describe_plan(outcome.plan, None)
    yield f"digest of the plan  {outcome.plan.digest}"
    yield f"digest of the rules {outcome.rules_sha256}"
    if outcome.unapproved_because:
        yield f"not approved: {outcome.unapproved_because}"
        yield f"  {outcome.approve_command}"
    yield "nothing was changed: this was a dry run"
