with

tickets as (

    select * from "access"."main"."tickets"

),

applied_changes as (

    select * from "access"."intermediate"."int_applied_changes"

),

wanted as (

    select * from "access"."intermediate"."int_wanted_change_states"

),

accounts as (

    select * from "access"."main"."accounts"

),

source_states as (

    select * from "access"."main"."source_states"

),

-- A change of an account that no longer exists counts as met
joined as (

    select
        tickets.ticket_id,
        tickets.reference,
        tickets.status,
        tickets.closed_at,
        opened.known_at,
        opened.wanted_action,
        opened.source_name,
        opened.account_id,
        opened.entitlement_id,
        opened.scope_id,
        opened.grant_id,
        opened.reason_kind,
        opened.reason_id,
        wanted.scope_type,
        wanted.campaign,
        wanted.item_id,
        wanted.person_id,
        wanted.approved_by,
        wanted.due_at,
        wanted.blocked_because,
        wanted.wanted_change_id is not null as is_wanted,
        coalesce(
            wanted.is_met,
            opened.account_id is not null and accounts.account_id is null
        ) as is_met,
        source_states.data_as_of,
        coalesce(
            source_states.data_as_of > opened.known_at, false
        ) as is_checked

    from tickets

    join applied_changes as opened
        on
            tickets.plan_digest = opened.plan_digest
            and tickets.change_id = opened.change_id

    left join wanted on opened.wanted_change_id = wanted.wanted_change_id

    left join accounts on opened.account_id = accounts.account_id

    left join source_states on opened.source_name = source_states.source_name

),

follow_ups as (

    select
        *,
        'close_ticket' as action,
        'A complete sync has seen that it is done.' as reason
    from joined
    where status = 'open' and is_checked and is_met

    union all

    -- No data shows whether a modification was made as it was meant
    select
        *,
        'reopen_ticket' as action,
        'The ticket is closed, and a complete sync has seen since that it is'
        || ' not done, or not any more.' as reason
    from joined
    where
        status = 'closed'
        and is_checked
        and is_wanted
        and not is_met
        and wanted_action <> 'modify'
        and blocked_because is null
        and data_as_of > coalesce(closed_at, known_at)

    union all

    select
        *,
        'comment_ticket' as action,
        case
            when not is_wanted then 'It is not wanted any more.'
            when blocked_because is not null
                then 'It cannot be done as it is: ' || blocked_because || '.'
            else
                'It was to be done by ' || strftime(
                    due_at at time zone 'UTC', '%Y-%m-%d'
                ) || ', and the last sync saw that it is not.'
        end as reason
    from joined
    where
        status = 'open'
        and not is_met
        and (
            not is_wanted
            or blocked_because is not null
            or due_at < (select max(started_at) from main.runs)
        )

),

with_id as (

    select
        *,
        sha256(
        concat_ws(
            '|', action, reason_kind, reason_id,
            case when action <> 'create_account' then account_id end,
            entitlement_id, scope_id
        )
    ) as wanted_change_id,
        json_object('ticket_id', ticket_id, 'reference', reference)::varchar
            as expected_state
    from follow_ups

),

rounds as (

    select
        wanted_change_id,
        bool_or(not is_checked) as is_under_way,
        count(*) as rounds
    from applied_changes
    where outcome in ('done', 'already')
    group by wanted_change_id

),

-- The same comment is made once; a ticket is closed as often as it is opened
numbered as (

    select
        with_id.*,
        sha256(concat_ws(
            '|', with_id.ticket_id, with_id.action,
            case with_id.action
                when 'comment_ticket' then with_id.reason
                else coalesce(rounds.rounds, 0)::varchar
            end
        )) as change_id

    from with_id

    left join rounds on with_id.wanted_change_id = rounds.wanted_change_id

    where
        with_id.action = 'comment_ticket'
        or not coalesce(rounds.is_under_way, false)

)

select * from numbered
where
    change_id not in (
        select change_id from applied_changes
        where outcome in ('done', 'already')
    )