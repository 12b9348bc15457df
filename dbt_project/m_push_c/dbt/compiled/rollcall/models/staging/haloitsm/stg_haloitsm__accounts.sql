with

agents as (

    select * from "access"."staging"."base_haloitsm__agents"

),

accounts as (

    select

        ---------- ids
        'haloitsm:agent:' || id as account_id,
        id as source_account_id,
        null::varchar as person_id,
        null::varchar as employee_number,

        ---------- strings
        case is_api_agent
            when true then 'service'
            when false then 'human'
            else 'unknown'
        end as account_type,
        name as display_name,
        coalesce(directory_login, email) as username,
        email,
        case is_disabled
            when true then 'disabled'
            when false then 'enabled'
            else 'unknown'
        end as status,
        'isdisabled=' || is_disabled as source_status,
        'ticket' as change_channel,

        ---------- booleans
        mfa_enabled,
        bool_or(last_login_at is not null) over () as reports_logins,

        ---------- timestamps
        last_login_at,
        created_at,
        updated_at

    from agents

)

select * from accounts