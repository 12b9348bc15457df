

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