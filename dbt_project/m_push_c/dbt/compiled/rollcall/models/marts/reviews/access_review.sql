



with

 __dbt__cte__int_recommendations as (


with

grants as (

    select grant_id, account_id, entitlement_id, first_seen_at
    from "access"."main"."grants"

),

accounts as (

    select
        account_id,
        is_leaver,
        ended_on,
        peer_group,
        peer_group_people,
        own_share,
        last_review_at
    from "access"."intermediate"."int_accounts_to_review"

),

entitlements as (

    select entitlement_id, is_privileged from "access"."main"."entitlements"

),

peer_group_access as (

    select * from "access"."intermediate"."int_peer_group_access"

),

last_decisions as (

    select * from "access"."intermediate"."int_last_decisions"

),

findings as (

    select * from "access"."intermediate"."int_findings_by_subject"

),

-- What the recommendation depends on
considered as (

    select
        grants.grant_id,
        accounts.is_leaver,
        accounts.ended_on,
        accounts.peer_group,
        entitlements.is_privileged,

        ---------- who else has it
        case
            when accounts.peer_group_people is not null
                then
                    coalesce(peer_group_access.holders, 0) - accounts.own_share
        end as peers_with,
        accounts.peer_group_people - accounts.own_share as peers_total,

        ---------- what was decided before
        grants.first_seen_at > accounts.last_review_at
            as is_new_since_last_review,
        last_decisions.last_campaign,
        last_decisions.last_decision,
        last_decisions.last_decided_by,
        last_decisions.last_decided_at,

        ---------- what was found
        nullif(
            concat_ws('; ', of_account.findings, of_grant.findings), ''
        ) as findings,
        coalesce(of_account.points, 0) + coalesce(of_grant.points, 0)
            as finding_points,
        nullif(
            concat_ws(', ', of_account.because, of_grant.because), ''
        ) as finding_points_because,
        nullif(
            concat_ws('; ', of_account.reasons, of_grant.reasons), ''
        ) as finding_reasons

    from grants

    join accounts on grants.account_id = accounts.account_id

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    left join peer_group_access
        on
            accounts.peer_group = peer_group_access.peer_group
            and grants.entitlement_id = peer_group_access.entitlement_id

    left join last_decisions on grants.grant_id = last_decisions.grant_id

    left join findings as of_account
        on grants.account_id = of_account.subject_id

    left join findings as of_grant on grants.grant_id = of_grant.subject_id

),

added_up as (

    select
        *,
        finding_points
        + case when is_leaver then 3 else 0 end
        + case when last_decision = 'revoke' then 3 else 0 end
        + case when is_privileged then 1 else 0 end
        + case when peers_total >= 5 and peers_with * 10 <= peers_total then 1 else 0 end
        + case when peers_total >= 3 and peers_with * 2 >= peers_total then -1 else 0 end
        + case when last_decision = 'keep' and not is_new_since_last_review then -1 else 0 end as points,
        concat_ws(
            ', ',
            finding_points_because,
            case
                when is_leaver
                    then
                        'the person has left'
                        || ' +3'
            end,
            case
                when last_decision = 'revoke'
                    then
                        'revoked in the last review'
                        || ' +3'
            end,
            case
                when is_privileged
                    then
                        'privileged'
                        || ' +1'
            end,
            case
                when peers_total >= 5 and peers_with * 10 <= peers_total
                    then
                        peers_with || ' of ' || peers_total || ' peers have it'
                        || ' +1'
            end,
            case
                when peers_total >= 3 and peers_with * 2 >= peers_total
                    then
                        peers_with || ' of ' || peers_total || ' peers have it'
                        || ' -1'
            end,
            case
                when last_decision = 'keep' and not is_new_since_last_review
                    then
                        'kept in the last review'
                        || ' -1'
            end
        ) as because,
        nullif(concat_ws(
            '; ',
            case when is_leaver then concat('the person left', ' on ' || strftime(ended_on, '%-d %B %Y')) end,
            case when last_decision = 'revoke' then 'it was to be revoked in the last review' end,
            case when is_privileged then 'the access is privileged' end,
            case when peers_total >= 5 and peers_with * 10 <= peers_total then case peers_with when 0 then 'none' else 'only ' || peers_with end || ' of ' || peers_total
    || case
        when starts_with(peer_group, 'department ')
            then ' colleagues in ' || substr(peer_group, length('department ') + 1)
        else
            ' colleagues with the title '
            || substr(peer_group, length('title ') + 1)
    end || if(peers_with > 1, ' have it', ' has it') end,
            finding_reasons,
            case when peers_total >= 3 and peers_with * 2 >= peers_total then if(peers_with = peers_total, 'all ', peers_with || ' of ') || peers_total
    || case
        when starts_with(peer_group, 'department ')
            then ' colleagues in ' || substr(peer_group, length('department ') + 1)
        else
            ' colleagues with the title '
            || substr(peer_group, length('title ') + 1)
    end || ' have it' end,
            case when last_decision = 'keep' and not is_new_since_last_review then 'it was kept in the last review' end
        ), '') as reason
    from considered

)

select
    grant_id,
    peers_with,
    peers_total,
    is_new_since_last_review,
    last_campaign,
    last_decision,
    last_decided_by,
    last_decided_at,
    findings,
    case
        when points >= 3 then 'revoke'
        when points >= 1 then 'look'
        else 'keep'
    end as recommendation,
    concat(
        coalesce(nullif(because, ''), 'nothing speaks for or against it'),
        ' = ', points, '; revoke from 3, look from 1'
    ) as recommendation_because,
    upper(left(coalesce(reason, 'nothing speaks for or against it'), 1)) || substr(coalesce(reason, 'nothing speaks for or against it'), 2)
        as recommendation_reason
from added_up
), grants as (

    select * from "access"."main"."grants"

),

accounts_to_review as (

    select * from "access"."intermediate"."int_accounts_to_review"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

source_states as (

    select * from "access"."main"."source_states"

),

granters as (

    select account_id, display_name from "access"."main"."accounts"

),

recommendations as (

    select * from __dbt__cte__int_recommendations

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
        case when grants.is_direct then 'direct' else 'inherited, and the system does not say from where' end
    ) as access_path,
    concat_ws(
        '; ',
        case when grants.is_direct then 'direct' end,
        grants.access_paths,
        case
            when grants.is_inherited and grants.access_paths is null
                then 'inherited, and the system does not say from where'
        end
    ) as access_paths,
    case
        when grants.is_inherited and grants.is_direct
            then
                'it stays: '
                || coalesce(grants.access_paths, 'inherited, and the system does not say from where')
        when grants.is_inherited
            then
                'all of it, for it is not direct: '
                || coalesce(grants.access_paths, 'inherited, and the system does not say from where')
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