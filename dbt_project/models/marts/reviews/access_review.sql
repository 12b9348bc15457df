{{ config(materialized='view', post_hook=[
    '{{ create_who_has_what() }}',
    '{{ create_access_between() }}',
]) }}

{% set unexplained = 'inherited, and the system does not say from where' %}

with

grants as (

    select * from {{ ref_in_view('int_recommendations') }}

),

source_states as (

    select * from {{ ref_in_view('source_states') }}

),

granters as (

    select account_id, display_name from {{ ref_in_view('accounts') }}

)

select

    ---------- the person
    grants.grant_id,
    grants.person_id,
    grants.full_name,
    grants.work_email,
    grants.employee_number,
    grants.job_title,
    grants.department,
    grants.employment_type,
    grants.employment_status,
    grants.started_on,
    grants.ended_on,
    grants.manager_name,
    grants.manager_email,

    ---------- the account
    grants.source_name,
    grants.account_id,
    grants.account_type,
    grants.account_name,
    grants.username,
    grants.account_email,
    grants.account_status,
    grants.source_status,
    grants.last_login_at,
    grants.mfa_enabled,

    ---------- the entitlement
    grants.entitlement_id,
    grants.resource_type,
    grants.resource_name,
    grants.entitlement_name,
    grants.entitlement_description,
    grants.scope_type,
    grants.scope_id,
    grants.scope_name,
    grants.is_privileged,
    grants.is_rule_managed,

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
    grants.peer_group,
    grants.peers_with,
    grants.peers_total,

    ---------- earlier decisions
    grants.is_new_since_last_review,
    grants.last_campaign,
    grants.last_decision,
    grants.last_decided_by,
    grants.last_decided_at,

    ---------- what needs attention
    grants.is_leaver,
    grants.is_unmatched,
    grants.is_ambiguous,
    grants.is_dormant,
    grants.is_disabled_account,
    grants.findings,

    ---------- the age of the data
    grants.last_seen_at as source_as_of,
    source_states.is_stale or not grants.is_confirmed as is_stale,

    ---------- the reviewer
    grants.reviewer,
    grants.reviewer_rule,
    grants.recommendation,
    grants.recommendation_because,
    grants.recommendation_reason

from grants

left join source_states on grants.source_name = source_states.source_name

left join granters on grants.granted_by = granters.account_id
