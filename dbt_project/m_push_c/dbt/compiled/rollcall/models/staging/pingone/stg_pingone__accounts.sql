with

users as (

    select * from "access"."staging"."base_pingone__users"

),

applications as (

    select * from "access"."staging"."base_pingone__applications"

),

accounts as (

    select

        ---------- ids
        'pingone:user:' || id as account_id,
        id as source_account_id,
        null::varchar as person_id,
        external_id as employee_number,

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
        username,
        email,
        -- A locked account counts as enabled: a lock only pauses its access
        case
            when not is_enabled then 'disabled'
            when not can_authenticate and account_status = 'OK' then 'unknown'
            when is_enabled then 'enabled'
            else 'unknown'
        end as status,
        source_status,
        'api' as change_channel,

        ---------- booleans
        mfa_enabled,
        true as reports_logins,

        ---------- timestamps
        last_login_at,
        created_at,
        updated_at

    from users

    union all

    select

        ---------- ids
        'pingone:application:' || id as account_id,
        id as source_account_id,
        null as person_id,
        null as employee_number,

        ---------- strings
        'service' as account_type,
        name as display_name,
        null as username,
        null as email,
        case is_enabled
            when true then 'enabled'
            when false then 'disabled'
            else 'unknown'
        end as status,
        case is_enabled
            when true then 'ENABLED'
            when false then 'DISABLED'
        end as source_status,
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
    where is_worker

)

select * from accounts