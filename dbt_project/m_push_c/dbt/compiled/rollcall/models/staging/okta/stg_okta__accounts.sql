with

users as (

    select * from "access"."staging"."base_okta__users"

),

applications as (

    select * from "access"."staging"."base_okta__applications"

),

accounts as (

    select

        ---------- ids
        'okta:user:' || id as account_id,
        id as source_account_id,
        null::varchar as person_id,
        employee_number,

        ---------- strings
        case
        when
            lower(trim(user_type, '	
                  　')) in (
                'service', 'service account', 'system', 'bot', 'machine'
            )
            then 'service'
        else 'human'
    end as account_type,
        display_name,
        login as username,
        email,
        -- A locked account counts as enabled: a lock only pauses its access
        case
            when
                upper(status) in (
                    'PROVISIONED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED',
                    'LOCKED_OUT'
                )
                then 'enabled'
            when upper(status) in ('STAGED', 'SUSPENDED', 'DEPROVISIONED')
                then 'disabled'
            else 'unknown'
        end as status,
        status as source_status,
        'api' as change_channel,

        ---------- booleans
        null::boolean as mfa_enabled,
        true as reports_logins,

        ---------- timestamps
        last_login_at,
        created_at,
        updated_at

    from users

    union all

    select

        ---------- ids
        'okta:client:' || client_id as account_id,
        client_id as source_account_id,
        null as person_id,
        null as employee_number,

        ---------- strings
        'service' as account_type,
        name as display_name,
        null as username,
        null as email,
        case upper(status)
            when 'ACTIVE' then 'enabled'
            when 'INACTIVE' then 'disabled'
            else 'unknown'
        end as status,
        status as source_status,
        -- The API writes users only: a person changes an application in the
        -- console
        'ticket' as change_channel,

        ---------- booleans
        null as mfa_enabled,
        false as reports_logins,

        ---------- timestamps
        null as last_login_at,
        created_at,
        updated_at

    from applications
    where is_service

)

select * from accounts