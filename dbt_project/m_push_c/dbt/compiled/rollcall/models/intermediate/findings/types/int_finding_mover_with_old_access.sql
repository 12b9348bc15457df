with

moves as (

    select * from "access"."intermediate"."int_job_moves"

),

accounts as (

    select * from "access"."main"."accounts"

),

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

last_decisions as (

    select * from "access"."intermediate"."int_last_decisions"

)

select
    concat_ws(':', accounts.account_id, moves.moved_at::date) as subject,
    accounts.account_id,
    list_sort(list(grants.grant_id)) as grant_ids,
    'medium' as severity,
    concat(
        moves.kind,
        ' changed on ',
        moves.moved_at::date,
        ' (',
        moves.move,
        '); direct grants from before that: ',
        count(*)
    ) as evidence

from moves

join accounts on moves.person_id = accounts.person_id

join grants on accounts.account_id = grants.account_id

join entitlements on grants.entitlement_id = entitlements.entitlement_id

left join last_decisions on grants.grant_id = last_decisions.grant_id

where
    accounts.status <> 'disabled'
    and grants.is_direct
    -- A rule or another directory takes the rest away by itself
    and entitlements.is_rule_managed is not true
    and coalesce(entitlements.unchangeable_because, '')
    not in ('external', 'mandatory')
    and coalesce(grants.granted_at, grants.first_seen_at) < moves.moved_at
    and not coalesce(
        last_decisions.last_decision = 'keep'
        and last_decisions.last_decided_at > moves.moved_at,
        false
    )
group by accounts.account_id, moves.moved_at, moves.kind, moves.move