"""The queries behind the rows of the report page."""

from __future__ import annotations

MAX_GRANTS = 200_000  # with more, a browser takes too long to open the page

# A day is the number of days since 1970-01-01
PLACES = """
with
person_places as (
    select person_id, row_number() over (order by person_id) - 1 as person from people
),
account_places as (
    select account_id, row_number() over (order by account_id) - 1 as account from accounts
),
entitlement_places as (
    select entitlement_id, row_number() over (order by entitlement_id) - 1 as entitlement
    from entitlements
)
"""

# The rows of the page, by name. Rows refer to people, accounts and entitlements by position.
QUERIES = {
    "people": """
        select
            person_id as id, full_name as name, work_email as mail, employee_number as number,
            job_title as title, department, employment_type as type, employment_status as status,
            started_on::varchar as started, ended_on::varchar as ended, manager_person_id as manager
        from people order by person_id
    """,
    "accounts": f"""
        {PLACES}
        select
            account_id as id, person, source_name as source, account_type as type,
            display_name as name, username, email as mail, status, source_status as word,
            mfa_enabled as mfa, strftime(last_login_at, '%Y-%m-%d') as login, match_rule as rule
        from accounts
        left join person_places using (person_id)
        order by account_id
    """,
    "entitlements": """
        select
            entitlement_id as id, source_name as source, resource_type as type,
            resource_id as resource, resource_name, display_name as name, description,
            is_privileged as privileged
        from entitlements order by entitlement_id
    """,
    "grants": f"""
        {PLACES}
        select
            account, entitlement,
            nullif(concat_ws(' ', scope_type, coalesce(scope_name, scope_id)), '') as scope,
            is_direct::int as direct, is_inherited::int as inherited, access_path as path,
            -- The direct entitlements that lead to this one
            nullif(inherited_from, []) as origins,
            granted_at::date - date '1970-01-01' as granted,
            first_seen_at::date - date '1970-01-01' as seen
        from grants
        join account_places using (account_id)
        join entitlement_places using (entitlement_id)
        order by all
    """,
    "implications": f"""
        {PLACES}
        select distinct held.entitlement as held, reached.entitlement as reached
        from intermediate.int_entitlement_implications as implications
        join entitlement_places as held
            on implications.entitlement_id = held.entitlement_id
        join entitlement_places as reached
            on implications.implied_entitlement_id = reached.entitlement_id
        order by all
    """,
    "findings": f"""
        {PLACES}
        select
            finding_type as type, severity, title, evidence, source_name as source, person,
            account, account_id as account_text, entitlement,
            strftime(first_seen_at, '%Y-%m-%d') as since, is_excepted as excepted,
            excepted_until::varchar as until
        from findings
        left join person_places using (person_id)
        left join account_places using (account_id)
        left join entitlement_places using (entitlement_id)
        order by
            list_position(['critical', 'high', 'medium', 'low'], severity), finding_type, finding_id
    """,
    "exposures": f"""
        {PLACES}
        select
            account, account_id as account_text, person, full_name as name,
            ended_on::varchar as ended, strftime(closed_at, '%Y-%m-%d') as closed,
            floor(exposure_hours / 24)::bigint as days, is_still_open as still_open,
            is_upper_bound as at_most
        from exposures
        left join person_places using (person_id)
        left join account_places using (account_id)
        order by is_still_open desc, exposure_hours desc, account_id
    """,
}

PROGRESS = """
select
    review_campaigns.campaign, title, review_campaigns.status, due_on, reviewer,
    count(*) as items, count(decision) as decided,
    count(*) filter (decision in ('revoke', 'modify')) as to_change
from {items} as items
join review_campaigns using (campaign)
left join review_decisions
    on items.campaign = review_decisions.campaign
    and items.item_id = review_decisions.item_id
    and review_decisions.is_current
group by all
order by review_campaigns.campaign desc, reviewer
"""
CHANGES_OF_CAMPAIGNS = """
select campaign, state, count(*) as changes from remediations
where campaign is not null group by all order by all
"""
