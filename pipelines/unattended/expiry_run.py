"""End access whose end date has come, without a person, within a standing approval.

A request in `requests.csv` may have an end date. The day after, the published data asks for the
revocation. The table [expiry] of `policy.toml` says how many of these changes may be made in 24
hours, and a person approves this number for the tenants that the settings lead to.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.files.json_lines import hold_folder
from pipelines.unattended.expiry_rules import EXPIRY, read_expiry_rules
from pipelines.unattended.standing import (
    Job,
    JobOptions,
    JobOutcome,
    bring_about,
    check_job,
    collect_failures,
    keep_interrupts,
    plan_only,
)
from pipelines.write_back.approval import explain_unapproved, find_approval, spell
from pipelines.write_back.audit_log import changes_folder, read_head
from pipelines.write_back.collect import publish_journals


@dataclass
class ExpiryOutcome(JobOutcome):
    """What one run did."""

    has_begun: bool = False  # false if it is not approved, or a dry run
    rules_sha256: str | None = None  # null if the policy cannot be read
    approved_by: str | None = None
    unapproved_because: str = ""

    @property
    def approve_command(self) -> str | None:
        """Return the command that approves the limit; None if it is approved."""
        is_known = self.rules_sha256 and self.unapproved_because
        return spell(EXPIRY, str(self.rules_sha256)) if is_known else None


def run_expiry(options: JobOptions) -> ExpiryOutcome:
    """Revoke the access whose end date has come, and return what was done.

    Without a standing approval nothing is read and nothing is changed. A dry run needs none.
    """
    outcome = ExpiryOutcome()
    with collect_failures(outcome):
        rules = read_expiry_rules()
        outcome.rules_sha256 = rules.sha256
        job = Job(
            subject=EXPIRY,
            sources=rules.basis.sources,
            targets=tuple(rules.tenants),
            read_rules=_read_digest,
            read_basis=lambda _: read_expiry_rules().basis,
        )
        found = find_approval(changes_folder(), EXPIRY)
        outcome.unapproved_because = explain_unapproved(found, rules.sha256, rules.tenant)
        outcome.approved_by = found.approved_by if found else None
        if options.dry_run:
            plan_only(job, outcome, options)
            return outcome
        check_job(job)
        with hold_folder(changes_folder(), "push, plan or apply"):
            outcome.has_begun = True
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
