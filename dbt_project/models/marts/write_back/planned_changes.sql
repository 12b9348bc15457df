with

accounts as (

    select * from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

people as (

    select * from {{ ref('people') }}

),

-- Declared systems, which people change by hand
systems as (

    select * from {{ ref('stg_declared__systems') }}

),

changes as (

    select * from {{ ref('int_open_changes') }}

    union all by name

    -- The rules of a push say which states they want
    select
        *,
        null::varchar as asks_for
    from {{ ref('int_push_changes') }}

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
                    'is_enabled', (people.employment_status = 'active')
                )
        when 'disable_account' then json_object('status', 'disabled')
        when 'delete_account' then json_object('status', 'gone')
        when 'grant' then json_object('is_held', true)
        when 'revoke' then json_object('is_held', false)
        else changes.wanted_state::json
    end::varchar as wanted_state,
    changes.reason_kind,
    changes.reason_id,
    changes.reason,
    changes.approved_by,
    changes.campaign,
    changes.item_id,
    {{ iso('changes.due_at') }} as due_at,
    {{ inverse_action('changes.action') }} as inverse_action,
    coalesce(accounts.display_name, people.full_name) as account_name,
    entitlements.display_name as entitlement_name,
    changes.person_id,
    changes.residual,
    accounts.username as account_username,
    {{ iso('accounts.created_at') }} as account_created_at,
    coalesce(changes.resource_name, entitlements.resource_name)
        as resource_name,
    accounts.email as account_email,
    systems.title as source_title,
    case
        when
            changes.asks_for in (
                'revoke', 'modify', 'disable_account', 'delete_account'
            )
            then systems.how_to_revoke
    end as how_to_revoke,
    changes.blocked_because,
    case changes.reason_kind
        when 'push'
            then
                {{ step_if_push_blocked(
                    'changes.blocked_because', 'changes.source_name'
                ) }}
        else
            {{ step_if_blocked(
                'changes.blocked_because', 'changes.source_name'
            ) }}
    end as next_step

from changes

left join accounts on changes.account_id = accounts.account_id

left join entitlements
    on changes.entitlement_id = entitlements.entitlement_id

left join people on changes.person_id = people.person_id

left join systems on changes.source_name = systems.source_name
