"""Check a plan before any change is made."""

from __future__ import annotations

import duckdb

from pipelines import clock, settings
from pipelines.failures import Refused
from pipelines.policy import company_files, presence
from pipelines.sources import write_access
from pipelines.sources.writer import Change, Provisioner
from pipelines.warehouse.publish import open_published
from pipelines.write_back import audit_log, limits
from pipelines.write_back.journal import SETTLED_OUTCOMES, Journal, find_recent_calls
from pipelines.write_back.plan import Basis, Plan
from pipelines.write_back.undo import block_leavers, check_undo
from pipelines.write_back.wanted import WantedChange, read_wanted_changes, split_wanted_changes

NEXT_DIGEST = "read the plan; if it is right, a person applies it by its digest"


def admit_plan(
    plan: Plan,
    journal: Journal,
    max_changes: int | None,
    basis: Basis | None = None,
    is_unattended: bool = False,
) -> dict[str, Provisioner]:
    """Return the writer of each system, if the plan passes every check.

    `basis` is what a plan of this kind would be made from now; a plan of access has none. Whoever
    gives the digest of a plan with a basis approves it beyond the limits; a standing approval
    (`is_unattended`) does not.

    Raise Refused for a plan that is stale, too old, for another tenant, beyond the limits, or that
    touches something protected.
    """
    changes, folder = plan.changes, journal.path.parent
    audit_log.must_be_made_here(folder, plan.digest)
    if plan.document["undoes"]:
        check_undo(plan, folder)
    sources = {change.through for change in changes}
    _check_tenants(plan, sources)
    hours = limits.PlanLimits.configured().max_age_hours
    if clock.is_ahead(plan.document["made_at"]):
        why = f"it is dated {plan.document['made_at']}, in the future: a clock was wrong"
        raise Refused("plan", why, plan.next_step)
    if limits.is_older(plan.document["made_at"], hours):
        raise Refused("plan", f"the plan is more than {hours:g} hours old", plan.next_step)
    writers = {
        source: write_access.connect_writer(source)
        for source in write_access.writable_sources()
        # Systems that the plan does not change are asked for Rollcall's own accounts, too.
        if source in sources or write_access.has_write_credential(source)
    }
    own_accounts = {account for writer in writers.values() for account in writer.own_accounts()}
    patterns = limits.read_protected_patterns()
    _check_protection(plan, patterns)
    recent = find_recent_calls(folder, {plan.digest, plan.document["undoes"]}, changes)
    for change in changes:
        if untouchable := limits.reason_untouchable(change, patterns, own_accounts):
            raise Refused(f"plan: {change.account_id}", untouchable[0], plan.next_step)
    left = [change for change in changes if journal.outcome(change) not in SETTLED_OUTCOMES]
    with open_published(settings.warehouse_path()) as warehouse:
        presence.check_gone(warehouse, company_files.policy_folder())
        asked = (changes, warehouse, max_changes, "apply", recent)
        if plan.kind == "access":
            limits.check_limits(*asked)
        else:
            exceeded = limits.check_standing_limits(*asked, _check_basis(plan, basis, warehouse))
            if is_unattended and exceeded:
                raise Refused(f"apply: {len(changes)} changes", "; ".join(exceeded), NEXT_DIGEST)
        if plan.document["undoes"]:
            # planned_changes never has an undo; `check_undo` has derived it again instead.
            wanted = block_leavers([WantedChange(change) for change in left], warehouse)
        else:
            wanted = read_wanted_changes(warehouse, plan.kind, plan.target)
    possible, _ = split_wanted_changes(wanted, own_accounts, is_unattended)
    _check_still_wanted(plan, left, possible)
    return writers


def _check_basis(plan: Plan, basis: Basis | None, warehouse: duckdb.DuckDBPyConnection) -> Basis:
    """Return the basis, if its rules are still those of the plan and its data is fresh. Raise
    Refused."""
    if basis is None or (basis.kind, basis.target) != (plan.kind, plan.target):
        why = f"nothing says which rules the {plan.kind} has now"
        raise Refused("plan", why, plan.next_step)
    if basis.rules_sha256 != plan.document["rules_sha256"]:
        raise Refused("plan", "the rules were changed after the plan was made", plan.next_step)
    limits.find_fresh_states({*basis.sources}, warehouse, "apply")
    return basis


def _check_tenants(plan: Plan, sources: set[str]) -> None:
    """Raise Refused unless the settings lead to the tenant that the plan names for each source."""
    tenants = plan.document["tenants"]
    for source, tenant in tenants.items():
        configured = write_access.writable_tenant(source)
        if configured != tenant:
            why = f"the plan is for {tenant}, but the settings lead to {configured}"
            raise Refused(f"plan: {source}", why, plan.next_step)
    if sources != {*tenants}:
        raise Refused("plan", "the plan does not name the tenant of each system", plan.next_step)


def _check_protection(plan: Plan, patterns: list[str]) -> None:
    """Raise Refused if the policy protects less than it did when the plan was made."""
    gone = sorted({*plan.document["protected"]} - {*patterns})
    if gone:
        why = f"{len(gone)} patterns are not protected any more ({gone[0]})"
        raise Refused("plan: protection has shrunk since the plan was made", why, plan.next_step)


def _check_still_wanted(plan: Plan, left: list[Change], wanted: list[Change]) -> None:
    """Raise Refused if a change that is left to make is no longer wanted, or in another form."""
    by_id = {change.change_id: change for change in wanted}
    stale = sum(by_id.get(change.change_id) != change for change in left)
    if stale:
        why = f"the published data no longer asks for {stale} of {len(left)} changes as planned"
        raise Refused("plan", why, plan.next_step)
