"""rollcall expiry: let access end at its end date without a person, within a standing approval."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pipelines.cli import standing
from pipelines.cli.output import add_step, choose_report, print_result
from pipelines.failures import Refused
from pipelines.redact import UNPRINTABLE, redact_text


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its steps."""
    parser = verb("expiry", run_status, "end access at its end date, without a person")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    step = add_step(steps, "approve", run_approve, "approve the limit in [expiry] of policy.toml")
    standing.add_approve_flags(step, "expiry status")
    step = add_step(steps, "run", run, "revoke the access whose end date has come")
    standing.add_run_flags(step)
    add_step(steps, "status", run_status, "show whether the limit is approved, and what is to end")


def run_approve(arguments: argparse.Namespace) -> int:
    """Write the approval into the audit log, and print what was approved.

    Raise Refused unless the digest is that of the policy and the tenants as they are.
    """
    from pipelines import settings
    from pipelines.unattended.expiry_rules import EXPIRY, read_expiry_rules
    from pipelines.write_back.approval import approve
    from pipelines.write_back.audit_log import changes_folder

    rules = read_expiry_rules()
    if arguments.digest != rules.sha256:
        why = f"the digest of [expiry] is {rules.sha256}, but another digest was given"
        raise Refused("expiry", why, "read the policy again, and give its digest")
    until, actor = standing.choose_last_day(arguments.until), settings.read_actor()
    record = approve(changes_folder(), actor, EXPIRY, rules.sha256, rules.tenant, until)
    document = {
        "code": 0,
        "rules_sha256": rules.sha256,
        "tenant": rules.tenant,
        "until": until.isoformat(),
        "approved_by": actor,
        "limits": rules.basis.limits,
        "audit_head": record["hash"],
    }
    lines = [
        f"approved until {until}, by {actor}: at most {rules.changes} changes in 24 hours",
        f"  tenant {rules.tenant}",
        f"audit head {record['hash']}",
    ]
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


@standing.tell_monitoring
def run(arguments: argparse.Namespace) -> int:
    """Revoke the access whose end date has come, print the result, and return the exit code."""
    from pipelines.unattended.expiry_run import run_expiry
    from pipelines.unattended.job import JobOptions

    report = choose_report(arguments)
    options = JobOptions(report, dry_run=arguments.dry_run, sync=not arguments.no_sync)
    outcome = run_expiry(options)
    if arguments.dry_run:
        return standing.print_dry_run(arguments, outcome)
    details = [f"audit head {outcome.audit_head}"] if outcome.audit_head else []
    if outcome.results or outcome.failures:
        arguments.counts = [outcome.describe_counts(), *details]
    document = standing.describe_outcome(outcome)
    document |= {"summary": getattr(arguments, "counts", None)}
    return standing.print_outcome(arguments, outcome, document, details)


def run_status(arguments: argparse.Namespace) -> int:
    """Print the limit, whether it is approved, and which access is to end or cannot."""
    from pipelines import settings
    from pipelines.unattended.expiry_rules import EXPIRY, read_expiry_rules
    from pipelines.warehouse.publish import open_published
    from pipelines.write_back.approval import find_approval
    from pipelines.write_back.audit_log import changes_folder
    from pipelines.write_back.journal import find_recent_calls
    from pipelines.write_back.wanted import read_wanted_changes

    rules, folder, warehouse = read_expiry_rules(), changes_folder(), settings.warehouse_path()
    wanted = []
    if warehouse.exists():
        with open_published(warehouse) as connection:
            wanted = read_wanted_changes(connection, EXPIRY)
    blocked = Counter(one.blocked_because for one in wanted if one.blocked_because)
    made = [call for call in find_recent_calls(folder, set(), []) if call.reason_kind == EXPIRY]
    found = find_approval(folder, EXPIRY)
    document = {
        "code": 0,
        **standing.describe_approval(EXPIRY, rules.sha256, rules.tenant, found),
        "limits": rules.basis.limits,
        "changes_in_24_hours": sum(call.is_unattended for call in made),
        "to_end": len(wanted) - blocked.total(),
        "blocked": dict(blocked.most_common()),
    }
    lines = (UNPRINTABLE.sub(" ", line) for line in _describe_status(document))
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


def _describe_status(document: dict[str, Any]) -> Iterator[str]:
    limit, made = document["limits"]["changes"], document["changes_in_24_hours"]
    yield f"expiry: at most {limit} changes in 24 hours, {made} made"
    yield from standing.spell_approval(document)
    yield f"  to end: {document['to_end']}"
    for why, count in document["blocked"].items():
        yield f"  blocked: {redact_text(why)} ({count})"
