with

persons as (

    select * from "access"."staging"."base_charthop__persons"

),

accounts as (

    select

        ---------- ids
        'charthop:person:' || id as account_id,
        id as source_account_id,
        'charthop:person:' || id as person_id,
        employee_number,

        ---------- strings
        'human' as account_type,
        full_name as display_name,
        work_email as username,
        work_email as email,
        case employment_status
            when 'active' then 'enabled'
            when 'leaver' then 'disabled'
            else 'unknown'
        end as status,
        coalesce(state, employment_status) as source_status,
        'ticket' as change_channel,

        ---------- booleans
        null::boolean as mfa_enabled,
        false as reports_logins,

        ---------- timestamps
        null::timestamptz as last_login_at,
        created_at,
        updated_at

    from persons

)

select * from accounts