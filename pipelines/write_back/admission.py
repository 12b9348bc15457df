"""The checks that a plan must pass before any change is made."""

from __future__ import annotations

from pipelines import settings
from pipelines.failures import Refused
from pipelines.sources import write_access
from pipelines.sources.writer import Provisioner
from pipelines.warehouse.publish import open_published
from pipelines.write_back import limits, planning
from pipelines.write_back.journal import SETTLED_OUTCOMES, Journal
from pipelines.write_back.plan import NEXT_PLAN, Plan
from pipelines.write_back.plan_text import count_noun


def admit_plan(plan: Plan, journal: Journal, most: int | None) -> dict[str, Provisioner]:
    """What writes to each system, once nothing speaks against the plan. Raises Refused for one that
    is stale, too old, of another tenant, beyond the limits, or touches what no plan may."""
    document, todo = plan.document, plan.changes
    for source, tenant in document["tenants"].items():
        if write_access.writable_tenant(source) != tenant:
            raise Refused(
                f"plan: {source}",
                f"it is for {tenant}, and the settings lead to"
                f" {write_access.writable_tenant(source)}",
                NEXT_PLAN,
            )
    throughs = {change.through for change in todo}
    if throughs != {*document["tenants"]}:
        raise Refused("plan", "it does not name the tenant of each system", NEXT_PLAN)
    hours = limits.PlanLimits.configured().max_age_hours
    if planning.is_older(document["made_at"], hours):
        raise Refused("plan", f"it is more than {hours:g} hours old", NEXT_PLAN)
    writers = {
        source: write_access.connect_writer(source)
        for source in write_access.writable_sources()
        if source in throughs
        or write_access.has_write_credential(source)  # their own accounts count, too
    }
    own = {account for writer in writers.values() for account in writer.own_accounts()}
    patterns = limits.protected_patterns()
    for change in todo:
        if why := limits.reason_untouchable(change, patterns, own):
            raise Refused(f"plan: {change.account_id}", why, NEXT_PLAN)
    with open_published(settings.warehouse_path()) as warehouse:
        limits.check_limits(todo, warehouse, most, "apply")
        if document["undoes"]:
            return writers  # nobody wishes for what takes a plan back but whoever approved it
        wishes = planning.read_wanted_changes(warehouse)
    wanted = {change.change_id: change for change in planning.sort_changes(wishes, own)[0]}
    left = [change for change in todo if journal.outcome(change) not in SETTLED_OUTCOMES]
    stale = sum(wanted.get(change.change_id) != change for change in left)
    if stale:
        told_so = "not wanted (so) any more by what is published"
        raise Refused(
            "plan", f"of {count_noun(len(left), 'change')}, {stale}: {told_so}", NEXT_PLAN
        )
    return writers
