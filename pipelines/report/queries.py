"""The queries behind the report page."""

from __future__ import annotations

MAX_GRANTS = 200_000  # with more, a browser takes too long to open the page
MAX_DAYS = 90  # of the chart

# The rows of the page, by name. page.js knows the columns by position. Grants refer to accounts
# and entitlements by position, too.
QUERIES = {
    "people": """
        select
            person_id, full_name, work_email, employee_number, job_title, department,
            employment_type, employment_status, started_on::varchar, ended_on::varchar,
            manager_person_id
        from people order by person_id
    """,
    "accounts": """
        select
            account_id, person_id, source_name, account_type, display_name, username, email,
            status, source_status, mfa_enabled, strftime(last_login_at, '%Y-%m-%d'), match_rule
        from accounts order by account_id
    """,
    "entitlements": """
        select
            entitlement_id, source_name, resource_type, resource_id, resource_name, slug,
            display_name, description, is_privileged
        from entitlements order by entitlement_id
    """,
    "grants": """
        with
        numbered_accounts as (
            select account_id, row_number() over (order by account_id) - 1 as place from accounts
        ),
        numbered_entitlements as (
            select entitlement_id, row_number() over (order by entitlement_id) - 1 as place
            from entitlements
        )
        select
            numbered_accounts.place, numbered_entitlements.place,
            concat_ws(' ', scope_type, coalesce(scope_name, scope_id)),
            is_direct, coalesce(access_path, 'direct'),
            strftime(granted_at, '%Y-%m-%d'), strftime(first_seen_at, '%Y-%m-%d')
        from grants
        join numbered_accounts using (account_id)
        join numbered_entitlements using (entitlement_id)
        order by all
    """,
    "findings": """
        select
            finding_type, severity, title, evidence, source_name, person_id, account_id,
            entitlement_id, strftime(first_seen_at, '%Y-%m-%d'), is_excepted,
            excepted_until::varchar
        from findings
        order by
            list_position(['critical', 'high', 'medium', 'low'], severity), finding_type, finding_id
    """,
    "exposures": """
        select
            account_id, person_id, full_name, ended_on::varchar,
            strftime(closed_at, '%Y-%m-%d %H:%M'), round(exposure_hours)::bigint, is_still_open
        from exposures order by is_still_open desc, exposure_hours desc, account_id
    """,
    "progress": """
        select
            review_campaigns.campaign, title, review_campaigns.status, due_on::varchar, reviewer,
            count(*) as items, count(decision) as decided,
            count(*) filter (decision in ('revoke', 'modify')) as to_change
        from review_items
        join review_campaigns using (campaign)
        left join review_decisions
            on review_items.campaign = review_decisions.campaign
            and review_items.item_id = review_decisions.item_id
            and review_decisions.is_current
        group by all
        order by review_campaigns.campaign desc, reviewer
    """,
}

FIGURES = """
select
    (select count(*) from grants) as grants,
    (select count(*) from people where employment_status = 'leaver') as leavers,
    (select count(*) from exposures where is_still_open) as open_exposures,
    (
        select count(distinct account_id)
        from grants
        join accounts using (account_id)
        join entitlements using (entitlement_id)
        where is_privileged
    ) as privileged_accounts
"""

# Day -> source -> grants at the end of that day: all that began until then, minus all that ended.
OVER_TIME = f"""
with changed as (
    select source_name, valid_from::date as day, 1 as more from grants_history
    union all
    select source_name, valid_to::date, -1 from grants_history where valid_to is not null
),
summed as (
    select source_name, day, sum(more) as more from changed group by all
),
days as (
    select unnest(generate_series(
        greatest(min(day), max(day) - interval {MAX_DAYS} days), max(day), interval 1 day
    ))::date as day
    from summed
),
totals as (
    select days.day, sources.source_name, coalesce(sum(more), 0)::bigint as grants
    from days
    cross join (select distinct source_name from summed) as sources
    left join summed on sources.source_name = summed.source_name and summed.day <= days.day
    group by all
)
select
    day::varchar,
    map(list(source_name order by source_name), list(grants order by source_name))
from totals
group by day
order by day
"""
