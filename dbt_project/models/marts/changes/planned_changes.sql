{{ config(tags=['decisions']) }}

with

wishes as (

    select * from {{ ref('int_wish_states') }}
    where not is_met

),

last_administrators as (

    select * from {{ ref('int_last_administrators') }}

),

applied as (

    select * from {{ ref('int_applied') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

people as (

    select * from {{ ref('people') }}

),

-- Carried out and not judged yet: a plan made now would do it again. A ticket
-- is one for as long as its wish lasts. What was judged and is still wanted is
-- another round, with an id of its own.
applied_by_wish as (

    select
        wish_id,
        bool_or(outcome = 'ticketed' or not is_judged) as is_under_way,
        count(*) filter (outcome <> 'ticketed' and is_judged) as rounds
    from applied
    where outcome in ('done', 'already', 'ticketed')
    group by wish_id

),

-- One change for each thing that is wanted, for whichever reason comes first
open_wishes as (

    select
        wishes.* replace (
            {{ filled("concat_ws(
                '; ',
                wishes.blocked_because,
                'last administrator: no enabled account would hold '
                || last_administrators.entitlement_name
            )") }} as blocked_because
        ),
        coalesce(applied_by_wish.is_under_way, false) as is_under_way,
        coalesce(applied_by_wish.rounds, 0) as rounds

    from wishes

    left join applied_by_wish on wishes.wish_id = applied_by_wish.wish_id

    left join last_administrators
        on wishes.wish_id = last_administrators.wish_id

    qualify
        row_number() over (
            partition by
                wishes.action, wishes.account_id, wishes.entitlement_id,
                wishes.scope_id, blocked_because,
                case
                    when wishes.account_id is null then wishes.wish_id
                end
            order by is_under_way desc, wishes.reason_kind, wishes.wish_id
        ) = 1

),

planned_changes as (

    select
        sha256(open_wishes.wish_id || '|' || open_wishes.rounds) as change_id,
        case
            when open_wishes.channel = 'ticket' then 'open_ticket'
            else open_wishes.action
        end as action,
        open_wishes.channel,
        case
            when open_wishes.channel = 'ticket' then open_wishes.action
        end as wanted_action,
        open_wishes.source_name,
        case
            when open_wishes.channel = 'ticket' then '{{ var('ticket_source') }}'
            else open_wishes.source_name
        end as through,
        open_wishes.account_id,
        open_wishes.entitlement_id,
        open_wishes.scope_type,
        open_wishes.scope_id,
        open_wishes.grant_id,
        open_wishes.source_grant_id,
        case open_wishes.action
            when 'create_account' then json_object('has_account', false)
            when 'disable_account' then json_object('status', accounts.status)
            when 'delete_account' then json_object('status', accounts.status)
            when 'grant' then json_object('is_held', false)
            else json_object('is_held', true)
        end::varchar as expected_state,
        case open_wishes.action
            when 'create_account'
                then
                    json_object(
                        'username', people.work_email,
                        'email', people.work_email,
                        'given_name', nullif(
                            regexp_replace(people.full_name, '\s*\S+\s*$', ''),
                            ''
                        ),
                        'family_name', regexp_extract(
                            people.full_name, '(\S+)\s*$', 1
                        ),
                        'employee_number', people.employee_number,
                        'population_id', null,
                        'is_enabled', people.employment_status = 'active'
                    )
            when 'disable_account' then json_object('status', 'disabled')
            when 'delete_account' then json_object('status', 'gone')
            when 'grant' then json_object('is_held', true)
            when 'revoke' then json_object('is_held', false)
        end::varchar as wanted_state,
        open_wishes.reason_kind,
        open_wishes.reason_id,
        open_wishes.reason,
        open_wishes.approved_by,
        open_wishes.campaign,
        open_wishes.item_id,
        {{ iso('open_wishes.due_at') }} as due_at,
        case
            when open_wishes.channel = 'ticket' then 'close_ticket'
            when open_wishes.action = 'revoke' then 'grant'
            when open_wishes.action = 'grant' then 'revoke'
            when open_wishes.action = 'create_account' then 'delete_account'
            when open_wishes.action = 'disable_account' then 'enable_account'
        end as inverse_action,
        coalesce(accounts.display_name, people.full_name) as account_name,
        entitlements.display_name as entitlement_name,
        open_wishes.person_id,
        open_wishes.residual,
        accounts.username as account_username,
        {{ iso('accounts.created_at') }} as account_created_at,
        entitlements.resource_name,
        open_wishes.blocked_because

    from open_wishes

    left join accounts on open_wishes.account_id = accounts.account_id

    left join entitlements
        on open_wishes.entitlement_id = entitlements.entitlement_id

    left join people on open_wishes.person_id = people.person_id

    where not open_wishes.is_under_way

)

select * from planned_changes
