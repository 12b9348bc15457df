with

-- A follow-up to a ticket is not an attempt of its own
attempts as (

    select * from "access"."intermediate"."int_applied_changes"
    where action not in ('comment_ticket', 'close_ticket', 'reopen_ticket')

),

last_attempts as (

    select
        *,
        min(known_at) over (partition by wanted_change_id) as first_tried_at
    from attempts
    qualify
        row_number() over (
            partition by wanted_change_id
            order by known_at desc, plan_digest, change_id
        ) = 1

),

carried_out as (

    select * from attempts
    where outcome in ('done', 'already', 'ticketed')
    qualify
        row_number() over (
            partition by wanted_change_id
            order by known_at desc, plan_digest, change_id
        ) = 1

)

select
    last_attempts.wanted_change_id,
    last_attempts.reason_kind,
    last_attempts.reason_id,
    last_attempts.asks_for as action,
    last_attempts.source_name,
    last_attempts.person_id,
    last_attempts.account_id,
    last_attempts.entitlement_id,
    last_attempts.scope_id,
    last_attempts.grant_id,
    last_attempts.first_tried_at,
    last_attempts.outcome in ('failed', 'drift') as has_failed,
    last_attempts.why,
    coalesce(carried_out.plan_digest, last_attempts.plan_digest)
        as plan_digest,
    coalesce(carried_out.change_id, last_attempts.change_id) as change_id,
    carried_out.outcome,
    carried_out.known_at as applied_at,
    carried_out.ticket_id

from last_attempts

left join carried_out
    on last_attempts.wanted_change_id = carried_out.wanted_change_id