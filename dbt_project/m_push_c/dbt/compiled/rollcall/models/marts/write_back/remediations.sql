with

changes as (

    select * from "access"."intermediate"."int_changes_to_follow"

),

attempts as (

    select * from "access"."intermediate"."int_change_attempts"

),

verdicts as (

    select * from "access"."intermediate"."int_change_verdicts"

),

tickets as (

    select * from "access"."main"."tickets"

),

-- Systems that are no longer read: nothing there can be proven
gone as (

    select source_name from "access"."main"."runs"
    group by source_name
    having max_by(status, (started_at, run_id)) = 'gone'

),

planned as (

    select
        *,
        sha256(
        concat_ws(
            '|', coalesce(wanted_action, action), reason_kind, reason_id,
            case when coalesce(wanted_action, action) <> 'create_account' then account_id end,
            entitlement_id, scope_id
        )
    )
            as wanted_change_id
    from "access"."main"."planned_changes"
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
    case
        when state = 'verified' then null
        when is_gone
            then
                'look in ' || source_name || ' whether it was done: it is no'
                || ' longer read'
        when state = 'applied' or is_met
            then 'run `rollcall sync`: a complete sync proves it'
        when not is_wanted then 'nothing: nobody asks for it any more'
        when state = 'ticketed'
            then concat_ws(
                ' ', 'wait until ticket', ticket_id, 'is done, and sync'
            )
        when state = 'residual'
            then 'decide on what still gives it: ' || held_through
        when blocked_for_now is not null
            then case
        when contains(blocked_for_now, 'overruled: ')
            then replace('nothing: the newer decision or request holds', '<source>', source_name)
        when contains(blocked_for_now, 'protected: ')
            then replace('nothing while policy.toml protects it; if the change is right, remove the protection there and plan again', '<source>', source_name)
        when contains(blocked_for_now, 'there is no such ')
            then replace('correct the id in requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'dangling: ')
            then replace('remove it by hand in <source>: what it names is gone', '<source>', source_name)
        when contains(blocked_for_now, 'rule-managed: ')
            then replace('change the rule in <source>, or what the rule looks at', '<source>', source_name)
        when contains(blocked_for_now, 'external: ')
            then replace('change it in the directory that fills it', '<source>', source_name)
        when contains(blocked_for_now, 'mandatory: ')
            then replace('nothing by itself: it ends with the account', '<source>', source_name)
        when contains(blocked_for_now, 'gives an admin role: ')
            then replace('ask an administrator of <source> to change it there', '<source>', source_name)
        when contains(blocked_for_now, 'read-only assignment: ')
            then replace('remove in <source> what assigned it', '<source>', source_name)
        when contains(blocked_for_now, 'inherited only: ')
            then replace('revoke what it is inherited from, or decide to keep it', '<source>', source_name)
        when contains(blocked_for_now, 'the request names no scope')
            then replace('name the scope_id in requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'name one in the request')
            then replace('name the account_id in requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'nobody is known by this person_id')
            then replace('correct the person_id in requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'no work email is known')
            then replace('enter the work email in the HR system, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'the person has left')
            then replace('remove the request from requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'approved_by is no address')
            then replace('name in requests.csv an approver whom HR knows, or who is an owner in policy.toml, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'the person who gets it has approved it')
            then replace('have somebody else approve it in requests.csv, and sync', '<source>', source_name)
        when contains(blocked_for_now, 'service account: ')
            then replace('ask its owner, then change it by hand in <source>', '<source>', source_name)
        when contains(blocked_for_now, 'they may be back')
            then replace('run `rollcall sync` until it is complete, and plan again', '<source>', source_name)
        when contains(blocked_for_now, 'it is to be seen disabled first')
            then replace('apply the plan that disables it, sync, and plan again', '<source>', source_name)
        when contains(blocked_for_now, 'last administrator: ')
            then replace('give it to somebody else first (requests.csv), apply, sync, and plan again', '<source>', source_name)
        when contains(blocked_for_now, 'no write channel: ')
            then replace('change these by hand and sync: `rollcall plan --csv FILE` lists them', '<source>', source_name)
        when blocked_for_now is not null
            then 'change it by hand in ' || source_name || ', and sync'
    end
        when planned_change_id is null
            then
                'apply the plan, which has the same change for another'
                || ' reason, and sync'
        when state = 'failed'
            then
                'mend what the reason says, then run `rollcall plan` and apply'
                || ' the plan'
        when state in ('still_there', 'regranted')
            then
                'find out in ' || source_name || ' who gave or kept it, then'
                || ' run `rollcall plan` and apply the plan'
        else 'run `rollcall plan`, and apply the plan'
    end as next_step,
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
        when due_at < (select max(started_at) from main.runs) then false
    end as is_on_time
from with_state