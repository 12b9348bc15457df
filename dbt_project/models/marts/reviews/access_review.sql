{{ config(post_hook=[
    '{{ create_who_has_what() }}',
    '{{ create_access_between() }}',
]) }}

{% set unexplained = 'inherited, and the system does not say from where' %}

with

grants as (

    select * from {{ ref('grants') }}

),

accounts_to_review as (

    select * from {{ ref('int_accounts_to_review') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

source_states as (

    select * from {{ ref('source_states') }}

),

granters as (

    select account_id, display_name from {{ ref('accounts') }}

),

recommendations as (

    select * from {{ ref('int_recommendations') }}

)

select

    ---------- the person
    grants.grant_id,
    accounts_to_review.person_id,
    accounts_to_review.full_name,
    accounts_to_review.work_email,
    accounts_to_review.employee_number,
    accounts_to_review.job_title,
    accounts_to_review.department,
    accounts_to_review.employment_type,
    accounts_to_review.employment_status,
    accounts_to_review.started_on,
    accounts_to_review.ended_on,
    accounts_to_review.manager_name,
    accounts_to_review.manager_email,

    ---------- the account
    grants.source_name,
    grants.account_id,
    accounts_to_review.account_type,
    accounts_to_review.account_name,
    accounts_to_review.username,
    accounts_to_review.account_email,
    accounts_to_review.account_status,
    accounts_to_review.source_status,
    accounts_to_review.last_login_at,
    accounts_to_review.mfa_enabled,

    ---------- the entitlement
    grants.entitlement_id,
    entitlements.resource_type,
    entitlements.resource_name,
    entitlements.display_name as entitlement_name,
    entitlements.description as entitlement_description,
    grants.scope_type,
    grants.scope_id,
    grants.scope_name,
    entitlements.is_privileged,
    entitlements.is_rule_managed,

    ---------- the way to it
    grants.is_direct,
    grants.is_inherited,
    array_to_string(grants.inherited_from, '; ') as inherited_from,
    coalesce(
        grants.access_path,
        case when grants.is_direct then 'direct' else '{{ unexplained }}' end
    ) as access_path,
    concat_ws(
        '; ',
        case when grants.is_direct then 'direct' end,
        grants.access_paths,
        case
            when grants.is_inherited and grants.access_paths is null
                then '{{ unexplained }}'
        end
    ) as access_paths,
    case
        when grants.is_inherited and grants.is_direct
            then
                'it stays: '
                || coalesce(grants.access_paths, '{{ unexplained }}')
        when grants.is_inherited
            then
                'all of it, for it is not direct: '
                || coalesce(grants.access_paths, '{{ unexplained }}')
    end as remains_without,
    grants.source_grant_id,
    grants.granted_at,
    coalesce(granters.display_name, grants.granted_by) as granted_by,
    grants.first_seen_at,

    ---------- the peers
    accounts_to_review.peer_group,
    recommendations.peers_with,
    recommendations.peers_total,

    ---------- earlier decisions
    recommendations.is_new_since_last_review,
    recommendations.last_campaign,
    recommendations.last_decision,
    recommendations.last_decided_by,
    recommendations.last_decided_at,

    ---------- what needs attention
    accounts_to_review.is_leaver,
    accounts_to_review.is_unmatched,
    accounts_to_review.is_ambiguous,
    accounts_to_review.is_dormant,
    accounts_to_review.is_disabled_account,
    recommendations.findings,

    ---------- the age of the data
    grants.last_seen_at as source_as_of,
    source_states.is_stale or not grants.is_confirmed as is_stale,

    ---------- the reviewer
    accounts_to_review.reviewer,
    accounts_to_review.reviewer_rule,
    recommendations.recommendation,
    recommendations.recommendation_because,
    recommendations.recommendation_reason

from grants

join accounts_to_review on grants.account_id = accounts_to_review.account_id

join entitlements on grants.entitlement_id = entitlements.entitlement_id

join recommendations on grants.grant_id = recommendations.grant_id

left join source_states on grants.source_name = source_states.source_name

left join granters on grants.granted_by = granters.account_id
