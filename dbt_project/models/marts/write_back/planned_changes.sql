with

wanted as (

    select * from {{ ref('int_wanted_change_states') }}
    where not is_met

),

last_administrators as (

    select * from {{ ref('int_last_administrators') }}

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

-- While no complete sync has checked an applied change, a new plan would repeat
-- it. A ticket is under way for as long as its change is wanted. A change that
-- was checked and is still wanted begins another round, with another id.
applied as (

    select
        wanted_change_id,
        bool_or(outcome = 'ticketed' or not is_checked) as is_under_way,
        count(*) filter (outcome <> 'ticketed' and is_checked) as rounds
    from {{ ref('int_applied_changes') }}
    where outcome in ('done', 'already', 'ticketed')
    group by wanted_change_id

),

-- One change per action and access, for the first of its reasons
open_changes as (

    select
        wanted.* replace (
            {{ filled("concat_ws(
                '; ',
                wanted.blocked_because,
                'last administrator: no enabled account would hold '
                || last_administrators.entitlement_name
            )") }} as blocked_because
        ),
        coalesce(applied.is_under_way, false) as is_under_way,
        coalesce(applied.rounds, 0) as rounds

    from wanted

    left join applied on wanted.wanted_change_id = applied.wanted_change_id

    left join last_administrators
        on wanted.wanted_change_id = last_administrators.wanted_change_id

    qualify
        row_number() over (
            partition by
                wanted.action, wanted.account_id, wanted.entitlement_id,
                wanted.scope_id, blocked_because,
                case
                    when wanted.account_id is null then wanted.wanted_change_id
                end
            order by
                is_under_way desc, wanted.reason_kind, wanted.wanted_change_id
        ) = 1

),

changes as (

    select
        * replace (
            case when channel = 'ticket' then 'open_ticket' else action end
            as action
        ),
        action as asks_for,
        sha256(wanted_change_id || '|' || rounds) as change_id,
        case when channel = 'ticket' then action end as wanted_action,
        case
            when channel = 'ticket' then 'close_ticket'
            when action = 'revoke' then 'grant'
            when action = 'grant' then 'revoke'
            when action = 'create_account' then 'delete_account'
            when action = 'disable_account' then 'enable_account'
        end as inverse_action
    from open_changes
    where not is_under_way

    union all by name

    select
        * exclude (blocked_because),
        'ticket' as channel,
        action as asks_for
    from {{ ref('int_ticket_changes') }}

)

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
                    'given_name', people.given_name,
                    'family_name', people.family_name,
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
    changes.blocked_because,
    {{ step_if_blocked('changes.blocked_because', 'changes.source_name') }}
        as next_step

from changes

left join accounts on changes.account_id = accounts.account_id

left join entitlements
    on changes.entitlement_id = entitlements.entitlement_id

left join people on changes.person_id = people.person_id
