with

wanted as (

    select * from {{ ref('int_wanted_change_states') }}

),

applied as (

    select * from {{ ref('int_applied_changes') }}
    where action not in ('comment_ticket', 'close_ticket', 'reopen_ticket')

),

judged_runs as (

    select * from {{ ref('int_change_checks') }}

),

tickets as (

    select * from {{ ref('tickets') }}

),

planned as (

    select
        *,
        {{ wanted_change_id('coalesce(wanted_action, action)') }} as wanted_change_id
    from {{ ref('planned_changes') }}
    where action not in ('comment_ticket', 'close_ticket', 'reopen_ticket')

),

tried as (

    select * from applied
    qualify row_number() over (partition by wanted_change_id order by known_at desc) = 1

),

carried_out as (

    select * from applied
    where outcome in ('done', 'already', 'ticketed')
    qualify row_number() over (partition by wanted_change_id order by known_at desc) = 1

),

-- Every decision, and of the rest what is not so yet or was ever tried. What
-- was tried is told after it is no longer wanted as well, with an account that was
-- deleted or a request that is not in the file any more.
asked_for as (

    select
        wanted_change_id,
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
        is_met,
        blocked_because,
        held_through,
        true as is_wanted,
        coalesce(is_held and not is_direct, false) as is_only_inherited
    from wanted
    where
        reason_kind = 'decision'
        or not is_met
        or wanted_change_id in (select wanted_change_id from tried)

    union all by name

    select
        wanted_change_id,
        reason_kind,
        reason_id,
        asks_for as action,
        source_name,
        person_id,
        account_id,
        entitlement_id,
        scope_id,
        grant_id,
        false as is_wanted
    from tried
    where wanted_change_id not in (select wanted_change_id from wanted)

),

-- What the complete syncs saw since it was asked for, and since it was done
seen_since_asked as (

    select
        asked_for.wanted_change_id,
        min_by(judged_runs.run_id, judged_runs.started_at)
        filter (judged_runs.is_right) as right_run_id,
        min(judged_runs.started_at)
        filter (judged_runs.is_right) as right_at

    from asked_for

    join judged_runs on asked_for.wanted_change_id = judged_runs.wanted_change_id

    where judged_runs.started_at > asked_for.wanted_at

    group by asked_for.wanted_change_id

),

seen_since_done as (

    select
        carried_out.wanted_change_id,
        count(*) as runs,
        max(judged_runs.started_at) as last_run_at,
        arg_max(judged_runs.is_right, judged_runs.started_at) as is_right_now,
        min_by(judged_runs.run_id, judged_runs.started_at)
        filter (judged_runs.is_right) as right_run_id,
        min(judged_runs.started_at)
        filter (judged_runs.is_right) as right_at

    from carried_out

    join judged_runs on carried_out.wanted_change_id = judged_runs.wanted_change_id

    where judged_runs.started_at > carried_out.known_at

    group by carried_out.wanted_change_id

),

undone as (

    select * from judged_runs
    where was_right and not is_right
    qualify row_number() over (partition by wanted_change_id order by started_at desc) = 1

),

joined as (

    select
        asked_for.*,
        coalesce(carried_out.plan_digest, tried.plan_digest) as plan_digest,
        coalesce(
            planned.change_id, carried_out.change_id, tried.change_id
        ) as change_id,
        carried_out.outcome,
        carried_out.known_at as applied_at,
        carried_out.ticket_id,
        tickets.status = 'closed' as is_ticket_closed,
        tickets.closed_at as ticket_closed_at,
        planned.change_id as planned_change_id,
        planned.blocked_because as plan_blocked_because,
        tried.outcome in ('failed', 'drift') as has_failed,
        tried.why as tried_why,
        coalesce(seen_since_done.runs, 0) as runs,
        coalesce(
            tickets.status = 'closed'
            and seen_since_done.last_run_at > tickets.closed_at,
            false
        ) as is_seen_since_closed,
        coalesce(seen_since_done.is_right_now, false) as is_right_now,
        case
            when carried_out.wanted_change_id is null then seen_since_asked.right_run_id
            else seen_since_done.right_run_id
        end as right_run_id,
        case
            when carried_out.wanted_change_id is null then seen_since_asked.right_at
            else seen_since_done.right_at
        end as right_at,
        undone.run_id as undone_run_id,
        undone.started_at as undone_at

    from asked_for

    left join tried on asked_for.wanted_change_id = tried.wanted_change_id

    left join carried_out on asked_for.wanted_change_id = carried_out.wanted_change_id

    left join tickets on carried_out.ticket_id = tickets.ticket_id

    left join planned on asked_for.wanted_change_id = planned.wanted_change_id

    left join seen_since_asked on asked_for.wanted_change_id = seen_since_asked.wanted_change_id

    left join seen_since_done on asked_for.wanted_change_id = seen_since_done.wanted_change_id

    left join undone on asked_for.wanted_change_id = undone.wanted_change_id

),

with_state as (

    select
        *,
        case
            when outcome is null and is_met and right_at is not null
                then 'verified'
            when outcome is null and is_met then 'wanted'
            when
                outcome is null
                and coalesce(plan_blocked_because, blocked_because) is not null
                then 'blocked'
            when outcome is null and has_failed then 'failed'
            when outcome is null and planned_change_id is not null then 'planned'
            when outcome is null then 'wanted'
            when runs > 0 and is_right_now and is_only_inherited then 'residual'
            when runs > 0 and is_right_now then 'verified'
            when action = 'modify' and is_ticket_closed then 'verified'
            when right_at is not null and not is_wanted then 'verified'
            when
                outcome = 'ticketed'
                and right_at is null
                and not is_seen_since_closed
                then 'ticketed'
            when runs = 0 then 'applied'
            when action in ('grant', 'create_account') then 'failed'
            when right_at is not null then 'regranted'
            else 'still_there'
        end as state
    from joined

),

remediations as (

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
            when state = 'blocked'
                then coalesce(plan_blocked_because, blocked_because)
            when state = 'failed'
                then coalesce(
                    tried_why,
                    'it was done, and the last complete sync does not see it'
                )
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
                then 'what was held directly is gone; it is held through '
                || held_through
        end as why,
        plan_digest,
        change_id,
        ticket_id,
        applied_at,
        case
            when state in ('verified', 'residual', 'regranted')
                then coalesce(right_at, ticket_closed_at)
        end as verified_at,
        case
            when state in ('verified', 'residual', 'regranted') then right_run_id
        end as verified_run_id,
        case when state = 'residual' then held_through end as residual,
        undone_at as regranted_at,
        undone_run_id as regranted_run_id,
        case
            when verified_at is not null and outcome in ('done', 'already')
                then applied_at <= due_at
            when verified_at is not null then verified_at <= due_at
            when due_at < {{ run_at() }} then false
        end as is_on_time
    from with_state

)

select * from remediations
