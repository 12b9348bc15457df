"""Make what approved rules want, without a person: read, plan, apply, and read again.

What is new after one round (an account, a group) is only wanted to have members once a read has
seen it. So a job may have several rounds, and a sync of the changed systems ends each of them: it
also proves what was done. The caller holds the folder of changes.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines import settings
from pipelines.failures import Failure, Incomplete, Refused
from pipelines.files.scratch import INTERRUPTS
from pipelines.sources.writer import Change
from pipelines.sync.run import SyncOptions, sync_sources
from pipelines.unattended.job import Job, JobOptions, JobOutcome, Result
from pipelines.warehouse.publish import open_published
from pipelines.words import count_noun
from pipelines.write_back import planning
from pipelines.write_back.admission import admit_plan
from pipelines.write_back.apply import INTERRUPTED, Permission, Progress, apply_plan, report_by_id
from pipelines.write_back.approval import (
    Approval,
    check_approved,
    explain_unapproved,
    find_approval,
)
from pipelines.write_back.audit_log import changes_folder
from pipelines.write_back.journal import SETTLED_OUTCOMES, Journal
from pipelines.write_back.plan import Plan, plan_path, read_plan
from pipelines.write_back.second_person import check_second_person

MAKING_ACTIONS = ("create_account", "enable_account", "create_group")  # more may be wanted of these
IN_PLACE = ("done", "already")
MAX_REASONS = 3
NEXT_RUN = "nothing: the next run looks first, and goes on"


def note_approval(job: Job, outcome: JobOutcome) -> None:
    """Note the digest of a job's rules, and who has approved them as they are."""
    outcome.rules_sha256, tenant = job.read_rules()
    found = find_approval(changes_folder(), job.subject)
    outcome.unapproved_because = explain_unapproved(found, outcome.rules_sha256, tenant)
    if found and not outcome.unapproved_because:
        outcome.approved_by = found.approved_by


def check_job(job: Job) -> Approval:
    """Return the standing approval of a job. Raise Refused unless it covers the rules as of now."""
    return check_approved(changes_folder(), job.subject, *job.read_rules())


def plan_only(job: Job, outcome: JobOutcome, options: JobOptions) -> None:
    """Read the sources and make the plan, and write nothing but the warehouse. Raises Failure."""
    if not options.sync or _read(job.sources, outcome, options):
        _make_plan(job, outcome)


def bring_about(job: Job, outcome: JobOutcome, options: JobOptions) -> None:
    """Make everything that the rules of a job want within their limits. Raises Failure.

    The caller holds the folder of changes, and has checked the approval.
    """
    if options.sync and not _read(job.sources, outcome, options):
        return
    try:
        if _make_rounds(job, outcome, options):
            _compare_with_rules(job, outcome)
    finally:
        if unfinished := _describe_unfinished(outcome):
            outcome.failures.append(Incomplete(job.subject, unfinished, NEXT_RUN))


def _make_rounds(job: Job, outcome: JobOutcome, options: JobOptions) -> bool:
    """Plan and apply until nothing is left to make. Return whether a read has seen the result."""
    for number in range(job.max_rounds):
        is_by_person = number == 0 and options.digest is not None
        plan = _find_plan(options) if is_by_person else _make_plan(job, outcome)
        if not plan.changes:
            return False
        progress = _apply(job, plan, outcome, options, is_by_person)
        if progress.stopped == INTERRUPTED or not _read(job.targets, outcome, options):
            return False
        made = {
            change.action
            for change in plan.changes
            if progress.outcomes[change.change_id] in IN_PLACE
        }
        if progress.stopped or progress.refused or not made & {*MAKING_ACTIONS}:
            break
    return True


def _read(sources: tuple[str, ...], outcome: JobOutcome, options: JobOptions) -> bool:
    """Sync the sources, and return whether all of them could be read and published."""
    try:
        with keep_interrupts():
            synced = sync_sources([*sources], SyncOptions(report=options.report))
    except Failure as failure:  # it could not even begin
        failures = [failure]
    else:
        # the first failure gives the exit code
        failures = sorted(synced.failures, key=lambda failure: failure.code != synced.code)
    if not failures:
        return True
    if outcome.results:  # what was changed stays, and nothing proves it yet
        failures = [
            Incomplete(one.what, f"no sync has proven the changes yet: {one.why}", one.next)
            for one in failures
        ]
    outcome.failures += failures
    return False


def _make_plan(job: Job, outcome: JobOutcome) -> Plan:
    with open_published(settings.warehouse_path()) as warehouse:
        basis = job.read_basis(warehouse)
        outcome.plan = planning.make_plan(
            warehouse, settings.read_actor(), basis=basis, is_unattended=True
        )
    return outcome.plan


def _find_plan(options: JobOptions) -> Plan:
    """Return the plan whose digest a person gave. Raises Refused if it is another than they say."""
    digest = str(options.digest)
    plan = read_plan(plan_path(changes_folder(), digest))
    if plan.digest != digest:
        why = f"the digest of this plan is {plan.digest}, but another digest was approved"
        raise Refused(f"plan {digest[:12]}", why, "read the plan again, and give its digest")
    return plan


def _apply(
    job: Job, plan: Plan, outcome: JobOutcome, options: JobOptions, is_by_person: bool
) -> Progress:
    """Apply a plan that the standing approval covers, or a person, and note each result.

    Raises Refused where neither does.
    """
    folder, actor = changes_folder(), settings.read_actor()
    found = check_job(job)  # again: the rules may have changed since the run began
    if not is_by_person:
        path = planning.keep_plan(plan, None, folder, actor)
        if exceeded := plan.document["exceeded"]:
            why = f"only a person may approve them: {'; '.join(exceeded)}"
            remedy = f"read {path}; if it is right: rollcall apply {path} --digest {plan.digest}"
            raise Refused(f"{job.subject}: {count_noun(len(plan.changes), 'change')}", why, remedy)
    journal = Journal(folder, plan, actor)
    with open_published(settings.warehouse_path()) as warehouse:
        basis = job.read_basis(warehouse)
        if is_by_person:  # where the policy asks for a second person, only `apply` can name one
            check_second_person(plan, None, actor, warehouse)
    if (plan.kind, plan.target) != (basis.kind, basis.target):
        why = f"it is not a plan of {job.subject}"
        raise Refused(f"plan {plan.digest[:12]}", why, "use `rollcall apply`")
    max_changes = options.max_changes if is_by_person else None
    writers = admit_plan(plan, journal, max_changes, basis, is_unattended=not is_by_person)
    outcome.rounds += 1
    permission = Permission(standing=None if is_by_person else found.record)
    progress = apply_plan(plan, journal, writers, report_by_id(options.report), permission)
    for change in plan.changes:
        key = change.change_id
        outcome.results[key] = Result(change, progress.outcomes[key], progress.reasons[key])
    if progress.refused:
        outcome.failures.append(progress.refused)
    outcome.stopped = progress.stopped
    return progress


def _compare_with_rules(job: Job, outcome: JobOutcome) -> None:
    """Note which changes are wanted in spite of this run, as its last sync sees the systems."""
    wanted = _make_plan(job, outcome).changes
    tried = {_subject_of(one.change): one.outcome for one in outcome.results.values()}
    for change in wanted:
        known = tried.get(_subject_of(change))
        # Lists of a vendor may lag behind what a read by id has shown
        outcome.unproven += known in IN_PLACE
        is_unused = known in IN_PLACE and change.action in MAKING_ACTIONS
        outcome.left += known is None or is_unused


def _subject_of(change: Change) -> tuple[str | None, ...]:
    """Return what a change is about, whatever round and values it has."""
    return (
        *(change.action, change.reason_id, change.account_id, change.person_id),
        *(change.entitlement_id, change.scope_id),
    )


def _describe_unfinished(outcome: JobOutcome) -> str:
    """Return in words what is not in place; empty if everything is."""
    open_ones = [one for one in outcome.results.values() if one.outcome not in SETTLED_OUTCOMES]
    parts = [outcome.stopped] if outcome.stopped else []
    if open_ones:
        counts = Counter(one.outcome.replace("_", " ") for one in open_ones)
        parts += [f"{number} {word}" for word, number in counts.items()]
        parts += [*dict.fromkeys(one.why for one in open_ones if one.why)][:MAX_REASONS]
    if outcome.left:
        parts.append(f"more is wanted after the last round ({count_noun(outcome.left, 'change')})")
    return "; ".join(parts)


@contextmanager
def keep_interrupts() -> Iterator[None]:
    """Put the signal handlers back after the block, because publishing ignores signals for good."""
    is_main = threading.current_thread() is threading.main_thread()  # only there signals can be set
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS if is_main}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
