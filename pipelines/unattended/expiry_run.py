"""End access whose end date has come, without a person, within a standing approval.

A request in `requests.csv` may have an end date. The day after, the published data asks for the
revocation. The table [expiry] of `policy.toml` says how many of these changes may be made in 24
hours, and a person approves this number for the tenants that the settings lead to.
"""

from __future__ import annotations

from pipelines.unattended.expiry_rules import EXPIRY, read_expiry_rules
from pipelines.unattended.job import Job, JobOptions, JobOutcome, collect_failures
from pipelines.unattended.standing import (
    bring_about,
    check_job,
    keep_interrupts,
    note_approval,
    plan_only,
)
from pipelines.write_back.audit_log import changes_folder, hold_changes, read_head
from pipelines.write_back.collect import publish_journals


def run_expiry(options: JobOptions) -> JobOutcome:
    """Revoke the access whose end date has come, and return what was done.

    Without a standing approval nothing is read and nothing is changed. A dry run needs none.
    """
    outcome = JobOutcome(EXPIRY)
    with collect_failures(outcome):
        rules = read_expiry_rules()
        job = Job(
            subject=EXPIRY,
            sources=rules.basis.sources,
            targets=tuple(rules.tenants),
            read_rules=_read_digest,
            read_basis=lambda _: read_expiry_rules().basis,
        )
        note_approval(job, outcome)
        if options.dry_run:
            plan_only(job, outcome, options)
            return outcome
        check_job(job)
        with hold_changes(changes_folder()):
            with collect_failures(outcome):
                bring_about(job, outcome, options)
            outcome.audit_head = read_head(changes_folder()).get("hash")
            if outcome.results:
                with keep_interrupts():
                    outcome.postponed = publish_journals()
    return outcome


def _read_digest() -> tuple[str, str]:
    """Return the digest of the rules as they are now, and their tenants."""
    rules = read_expiry_rules()
    return rules.sha256, rules.tenant
