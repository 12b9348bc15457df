"""Push without a person: bring a target to what its rules say, within the standing approval."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pipelines import settings
from pipelines.failures import Misconfigured
from pipelines.push.rules import PushRules, read_rules
from pipelines.sources import registry
from pipelines.sources.write_access import writable_tenant
from pipelines.unattended.basis import read_push_basis
from pipelines.unattended.job import Job, JobOptions, JobOutcome, collect_failures
from pipelines.unattended.standing import (
    IN_PLACE,
    bring_about,
    check_job,
    keep_interrupts,
    note_approval,
    plan_only,
)
from pipelines.warehouse.dbt_variables import read_project_variables
from pipelines.write_back.approval import PUSH_SUBJECT, Approval
from pipelines.write_back.audit_log import Log, changes_folder, hold_changes
from pipelines.write_back.collect import publish_journals

MAX_ROUNDS = 3


@dataclass(frozen=True)
class PushOptions(JobOptions):
    """How to push."""

    begun_by: str = "command"  # or watch


@dataclass
class PushOutcome(JobOutcome):
    """What one push did."""

    target: str = ""
    push_id: str | None = None  # null if the push did not begin: it is not approved, or a dry run
    rules: PushRules | None = None  # null if they cannot be read


def run_push(target: str, options: PushOptions) -> PushOutcome:
    """Bring a target to what its rules say, and return what was done.

    Without a standing approval nothing is read and nothing is changed. A dry run needs none.
    """
    outcome = PushOutcome(f"{PUSH_SUBJECT}{target}", target=target)
    with collect_failures(outcome):
        _check_options(options)
        outcome.rules = read_rules(target)
        job = Job(
            subject=outcome.subject,
            sources=_find_sources(target),
            targets=(target,),
            read_rules=partial(_read_digest, target),
            read_basis=partial(read_push_basis, target=target),
            max_rounds=MAX_ROUNDS,
        )
        note_approval(job, outcome)
        if options.dry_run:
            plan_only(job, outcome, options)
            return outcome
        approval = check_job(job)
        with hold_changes(changes_folder()):
            _push(job, approval, outcome, options)
    return outcome


def _check_options(options: PushOptions) -> None:
    """Raise Misconfigured for flags that do not go together."""
    both = "--max-changes and --digest"
    if (options.digest is None) != (options.max_changes is None):
        raise Misconfigured(both, "a plan that a person approves needs both", "give both, or none")
    if options.dry_run and options.digest:
        raise Misconfigured(both, "a dry run makes a plan of its own", "leave --dry-run out")


def _push(job: Job, approval: Approval, outcome: PushOutcome, options: PushOptions) -> None:
    """Write down that the push begins, bring it about, and write down how it ended."""
    now, actor = datetime.now(UTC), settings.read_actor()
    outcome.push_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
    if options.digest:
        outcome.approved_by = actor
    log = Log(changes_folder(), actor)
    log.write(
        "push_begun",
        push_id=outcome.push_id,
        target=outcome.target,
        begun_by=options.begun_by,
        rules_sha256=outcome.rules_sha256,
        approved_by=outcome.approved_by,
        approval=approval.record,
    )
    code = 1  # of a bug
    try:
        with collect_failures(outcome):
            bring_about(job, outcome, options)
        code = outcome.code
    finally:
        in_place = sum(outcome.counts.get(word, 0) for word in IN_PLACE)
        log.write(
            "push_ended",
            push_id=outcome.push_id,
            rounds=outcome.rounds,
            changes=len(outcome.results),
            done=in_place,
            failed=len(outcome.results) - in_place,
            blocked=sum(outcome.blocked.values()),
            code=code,
        )
    outcome.audit_head = log.head
    with keep_interrupts():
        outcome.postponed = publish_journals()


def _read_digest(target: str) -> tuple[str, str]:
    """Return the digest of the rules of a target as they are now, and its tenant."""
    tenant = writable_tenant(target)
    return read_rules(target).digest(tenant), tenant


def _find_sources(target: str) -> tuple[str, ...]:
    """Return what a push reads: the configured HR systems, and the target. Raises Misconfigured."""
    known = read_project_variables()["hr_sources"]
    hr_systems = [name for name in registry.configured_sources() if name in known]
    if not hr_systems:
        raise Misconfigured(
            "push", "no HR system is configured", f"configure one of {', '.join(known)}"
        )
    return tuple(dict.fromkeys(registry.choose_sources([*hr_systems, target])))
