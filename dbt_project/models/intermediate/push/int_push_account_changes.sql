with

targets as (

    select * from {{ source('push', 'targets') }}

),

push_accounts as (

    select * from {{ ref('int_push_accounts') }}

),

people as (

    select * from {{ ref('int_people') }}

),

accounts as (

    select account_id, username from {{ ref('int_accounts_matched_to_people') }}

),

fields as (

    select * from {{ ref('push_fields') }}

),

profiles as ({{ union_sources('profiles') }}),

profile_fields as ({{ union_sources('profile_fields') }}),

entitlements as (

    select entitlement_id, display_name from {{ ref('entitlements') }}

),

held_access as (

    select
        account_id,
        unnest(returns) as entitlement_id
    from {{ ref('push_accounts') }}

),

returns as (

    select
        held_access.account_id,
        string_agg(
            coalesce(entitlements.display_name, held_access.entitlement_id),
            ', '
            order by entitlements.display_name, held_access.entitlement_id
        ) as names

    from held_access

    left join entitlements
        on held_access.entitlement_id = entitlements.entitlement_id

    group by held_access.account_id

),

-- Whatever cannot be written now is told once the account is there
new_profiles as (

    select
        target,
        person_id,
        {{ profile('wanted_value') }} as profile
    from {{ ref('int_push_fields') }}
    where account_id is null and state = 'differs' and wanted_value is not null
    group by target, person_id

),

created as (

    select
        push_accounts.target as source_name,
        push_accounts.person_id,
        'create_account' as action,
        push_accounts.target || '/profiles' as reason_id,
        'rule profiles.create' as reason,
        '{"has_account": false}' as expected_state,
        json_object(
            'username', push_accounts.login,
            'email', people.work_email,
            'given_name', people.given_name,
            'family_name', people.family_name,
            'employee_number', people.employee_number,
            'population_id', null,
            'is_enabled', false,
            'profile', coalesce(new_profiles.profile, '{}')::json,
            'user_type', targets.user_type
        )::varchar as wanted_state

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join people on push_accounts.person_id = people.person_id

    left join new_profiles
        on
            push_accounts.target = new_profiles.target
            and push_accounts.person_id = new_profiles.person_id

    where push_accounts.state = 'to_create'

),

enabled as (

    select
        push_accounts.target as source_name,
        push_accounts.person_id,
        push_accounts.account_id,
        'enable_account' as action,
        push_accounts.target || '/profiles' as reason_id,
        case push_accounts.state
            when 'to_activate' then 'rule profiles.activate'
            else 'rule profiles.reactivate'
        end as reason,
        json_object(
            'status', push_accounts.status,
            'source_status', push_accounts.source_status,
            'status_detail', push_accounts.status_detail
        )::varchar as expected_state,
        json_object(
            'status', 'enabled',
            'source_status', push_accounts.source_status,
            'sends_mail', targets.sends_mail
        )::varchar as wanted_state,
        returns.names as residual

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join returns on push_accounts.account_id = returns.account_id

    where push_accounts.state in ('to_activate', 'to_reactivate')

),

differing as (

    select
        fields.*,
        profile_fields.definition,
        profiles.sourced_by,
        profiles.identity_provider

    from fields

    left join profiles on fields.account_id = profiles.account_id

    left join profile_fields
        on
            profiles.source_name = profile_fields.source_name
            and profiles.user_type = profile_fields.user_type
            and fields.field = profile_fields.field

    where fields.state = 'differs'

),

updated as (

    select
        target as source_name,
        person_id,
        account_id,
        'update_account' as action,
        target || '/fields' as reason_id,
        'rule ' || string_agg(rule, ', ' order by rule) as reason,
        concat(
            '{"profile":', {{ profile('current_value') }},
            ',"schema_sha256":"', {{ schema_sha256() }}, '"}'
        ) as expected_state,
        '{"profile":' || {{ profile('wanted_value') }} || '}' as wanted_state
    from differing
    group by target, person_id, account_id

),

blocked_accounts as (

    select
        target as source_name,
        person_id,
        account_id,
        case
            when account_id is null then 'create_account'
            when status_detail = 'deactivated' then 'enable_account'
            else 'update_account'
        end as action,
        target || '/profiles' as reason_id,
        'rule profiles' as reason,
        why as blocked_because
    from push_accounts
    where state = 'blocked'

),

-- One row per rule and reason, however many accounts it concerns
blocked_fields as (

    select
        fields.target as source_name,
        case when count(*) = 1 then min(fields.person_id) end as person_id,
        case when count(*) = 1 then min(fields.account_id) end as account_id,
        'update_account' as action,
        fields.target || '/fields' as reason_id,
        'rule ' || fields.rule || case
            when count(*) > 1
                then
                    ': ' || count(*) || ' accounts, such as ' || list_aggregate(
                        list(
                            coalesce(accounts.username, fields.account_id)
                            order by accounts.username, fields.account_id
                        )[:3],
                        'string_agg', ', '
                    )
            else ''
        end as reason,
        fields.why as blocked_because

    from fields

    join push_accounts
        on
            fields.target = push_accounts.target
            and fields.account_id = push_accounts.account_id

    left join accounts on fields.account_id = accounts.account_id

    where
        fields.state = 'blocked'
        -- The account's own reason is told once
        and push_accounts.state not in ('blocked', 'to_reactivate')
    group by fields.target, fields.rule, fields.why

)

select * from created
union all by name
select * from enabled
union all by name
select * from updated
union all by name
select * from blocked_accounts
union all by name
select * from blocked_fields
