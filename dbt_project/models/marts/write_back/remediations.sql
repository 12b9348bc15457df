with

changes as (

    select * from {{ ref('int_changes_to_follow') }}

),

attempts as (

    select * from {{ ref('int_change_attempts') }}

),

verdicts as (

    select * from {{ ref('int_change_verdicts') }}

),

tickets as (

    select * from {{ ref('tickets') }}

),

-- Systems that are no longer read: nothing there can be proven
gone as (

    select source_name from {{ source('rollcall', 'runs') }}
    group by source_name
    having max_by(status, (started_at, run_id)) = 'gone'

),

planned as (

    select
        *,
        {{ wanted_change_id('coalesce(wanted_action, action)') }}
            as wanted_change_id
    from {{ ref('planned_changes') }}
    where
        action not in ('comment_ticket', 'close_ticket', 'reopen_ticket')
        and reason_kind <> 'push'

),

joined as (

    select
        changes.*,
        attempts.plan_digest,
        coalesce(planned.change_id, attempts.change_id) as change_id,
        attempts.outcome,
        attempts.applied_at,
        attempts.ticket_id,
        attempts.has_failed,
        attempts.why as attempt_why,
        tickets.status = 'closed' as is_ticket_closed,
        tickets.closed_at as ticket_closed_at,
        planned.change_id as planned_change_id,
        coalesce(planned.blocked_because, changes.blocked_because)
            as blocked_for_now,
        coalesce(verdicts.runs, 0) as runs,
        coalesce(
            tickets.status = 'closed'
            and verdicts.last_run_at > tickets.closed_at,
            false
        ) as is_seen_since_closed,
        coalesce(verdicts.is_right_now, false) as is_right_now,
        verdicts.right_run_id,
        verdicts.right_at,
        verdicts.regranted_run_id,
        verdicts.regranted_at,
        gone.source_name is not null as is_gone

    from changes

    left join gone on changes.source_name = gone.source_name

    left join attempts on changes.wanted_change_id = attempts.wanted_change_id

    left join verdicts on changes.wanted_change_id = verdicts.wanted_change_id

    left join tickets on attempts.ticket_id = tickets.ticket_id

    left join planned on changes.wanted_change_id = planned.wanted_change_id

),

with_state as (

    select
        *,
        case
            -- Not carried out by us
            when outcome is null and is_met and right_at is not null
                then 'verified'
            when outcome is null and is_met then 'wanted'
            when outcome is null and blocked_for_now is not null
                then 'blocked'
            when outcome is null and has_failed then 'failed'
            when outcome is null and planned_change_id is not null
                then 'planned'
            when outcome is null then 'wanted'

            -- Carried out, and the last complete sync sees it as met
            when runs > 0 and is_right_now and is_only_inherited
                then 'residual'
            when runs > 0 and is_right_now then 'verified'

            -- Carried out; no later sync has to see it as met
            when action = 'modify' and is_ticket_closed then 'verified'
            when right_at is not null and not is_wanted then 'verified'

            -- Carried out, and no complete sync could see it yet
            when
                outcome = 'ticketed'
                and right_at is null
                and not is_seen_since_closed
                then 'ticketed'
            when runs = 0 then 'applied'

            -- Carried out, and the last complete sync does not see it as met
            when action in ('grant', 'create_account') then 'failed'
            when right_at is not null then 'regranted'
            else 'still_there'
        end as state,
        state in ('verified', 'residual', 'regranted') as was_verified
    from joined

)

select
    wanted_change_id as remediation_id,
    campaign,
    item_id,
    reason_kind,
    reason_id,
    action,
    source_name,
    person_id,
    account_id,
    entitlement_id,
    scope_id,
    grant_id,
    wanted_at,
    due_at,
    state,
    case
        when state = 'blocked' then blocked_for_now
        when state = 'failed'
            then coalesce(
                attempt_why,
                'it was done, and the last complete sync does not see it'
            )
        when is_gone and state <> 'verified'
            then 'the system is no longer read'
        when state = 'wanted' and is_met
            then
                'it is so already; no complete sync has begun since it was'
                || ' asked for'
        when state = 'verified' and outcome is null
            then 'it is so, and was not done from here'
        when state = 'verified' and right_at is null
            then 'its ticket was closed; no data shows what was modified'
        when state = 'still_there'
            then 'it was done, and a later complete sync still sees it'
        when state = 'regranted'
            then concat_ws(
                '; ', 'it was gone, and has come back', blocked_because
            )
        when state = 'residual'
            then
                'what was held directly is gone; it is held through '
                || held_through
    end as why,
    {{ step_until_verified() }} as next_step,
    plan_digest,
    change_id,
    ticket_id,
    applied_at,
    case when was_verified then coalesce(right_at, ticket_closed_at) end
        as verified_at,
    case when was_verified then right_run_id end as verified_run_id,
    case when state = 'residual' then held_through end as residual,
    regranted_at,
    regranted_run_id,
    case
        when verified_at is not null and outcome in ('done', 'already')
            then applied_at <= due_at
        when verified_at is not null then verified_at <= due_at
        when due_at < {{ run_at() }} then false
    end as is_on_time
from with_state
