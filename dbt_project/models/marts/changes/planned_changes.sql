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

from_wishes as (

    select
        * replace (
            case when channel = 'ticket' then 'open_ticket' else action end
            as action
        ),
        action as asks_for,
        sha256(wish_id || '|' || rounds) as change_id,
        case when channel = 'ticket' then action end as wanted_action,
        case
            when channel = 'ticket' then 'close_ticket'
            when action = 'revoke' then 'grant'
            when action = 'grant' then 'revoke'
            when action = 'create_account' then 'delete_account'
            when action = 'disable_account' then 'enable_account'
        end as inverse_action
    from open_wishes
    where not is_under_way

),

about_tickets as (

    select
        *,
        'ticket' as channel,
        action as asks_for
    from {{ ref('int_ticket_changes') }}

),

changes as (

    select * from from_wishes
    union all by name
    select * exclude (blocked_because) from about_tickets

),

planned_changes as (

    select
        changes.change_id,
        changes.action,
        changes.channel,
        changes.wanted_action,
        changes.source_name,
        case
            when changes.channel = 'ticket' then '{{ var('ticket_source') }}'
            else changes.source_name
        end as through,
        changes.account_id,
        changes.entitlement_id,
        changes.scope_type,
        changes.scope_id,
        changes.grant_id,
        changes.source_grant_id,
        case changes.asks_for
            when 'create_account' then json_object('has_account', false)
            when 'disable_account' then json_object('status', accounts.status)
            when 'delete_account' then json_object('status', accounts.status)
            when 'grant' then json_object('is_held', false)
            when 'revoke' then json_object('is_held', true)
            when 'modify' then json_object('is_held', true)
            else changes.expected_state::json
        end::varchar as expected_state,
        case changes.asks_for
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
        changes.reason_kind,
        changes.reason_id,
        changes.reason,
        changes.approved_by,
        changes.campaign,
        changes.item_id,
        {{ iso('changes.due_at') }} as due_at,
        changes.inverse_action,
        coalesce(accounts.display_name, people.full_name) as account_name,
        entitlements.display_name as entitlement_name,
        changes.person_id,
        changes.residual,
        accounts.username as account_username,
        {{ iso('accounts.created_at') }} as account_created_at,
        entitlements.resource_name,
        changes.blocked_because

    from changes

    left join accounts on changes.account_id = accounts.account_id

    left join entitlements
        on changes.entitlement_id = entitlements.entitlement_id

    left join people on changes.person_id = people.person_id

)

select * from planned_changes
