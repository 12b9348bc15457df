with

decisions as (

    select * from "access"."intermediate"."int_closed_decisions"

),

active_requests as (

    select
        grant_id,
        max(requested_on) as requested_on
    from "access"."intermediate"."int_approved_requests"
    where is_active
    group by grant_id

)

select
    'decision' as reason_kind,
    decisions.campaign || '/' || decisions.item_id as reason_id,
    decisions.decision as action,
    decisions.campaign,
    decisions.item_id,
    decisions.source_name,
    decisions.person_id,
    decisions.account_id,
    decisions.entitlement_id,
    decisions.scope_id,
    decisions.closed_at as wanted_at,
    decisions.due_at,
    coalesce(
        decisions.comment,
        decisions.decision || ' in campaign ' || decisions.campaign
    ) as reason,
    decisions.decided_by as approved_by,
    case
        when not decisions.is_last_word
            then
                'overruled: campaign ' || decisions.last_campaign || ' says '
                || decisions.last_decision
        -- A request that is younger than a decision overrules it
        when
            decisions.decision = 'revoke'
            and active_requests.requested_on
            > (decisions.decided_at at time zone 'UTC')::date
            then 'overruled: it was requested again and approved'
    end as refused_because

from decisions

left join active_requests on decisions.grant_id = active_requests.grant_id

where decisions.decision in ('revoke', 'modify')