with

accounts as (
    select
        'charthop' as source_name,
        account_id,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        person_id,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        change_channel
    from "access"."staging"."stg_charthop__accounts"
    union all
    select
        source_name,
        account_id,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        person_id,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        change_channel
    from "access"."staging"."stg_declared__accounts"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        person_id,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        change_channel
    from "access"."staging"."stg_haloitsm__accounts"
    union all
    select
        'okta' as source_name,
        account_id,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        person_id,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        change_channel
    from "access"."staging"."stg_okta__accounts"
    union all
    select
        'pingone' as source_name,
        account_id,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        person_id,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        change_channel
    from "access"."staging"."stg_pingone__accounts"
    

),

people as (

    select * from "access"."intermediate"."int_people"

),

candidates as (

    select
        accounts.account_id,
        people.person_id,
        1 as rule_order,
        'hr_record' as match_rule

    from accounts

    join people on accounts.person_id = people.person_id

    union

    select
        accounts.account_id,
        people.person_id,
        2 as rule_order,
        'employee_number' as match_rule

    from accounts

    join people
        on
            lower(nullif(trim(accounts.employee_number, '	
                  　'), ''))
            = lower(nullif(trim(people.employee_number, '	
                  　'), ''))

    union

    select
        accounts.account_id,
        people.person_id,
        3 as rule_order,
        'email' as match_rule

    from accounts

    join people on accounts.email = people.work_email

    union

    select
        accounts.account_id,
        people.person_id,
        4 as rule_order,
        'username' as match_rule

    from accounts

    join people on nullif(
        regexp_replace(nfc_normalize(lower(trim(accounts.username, '	
                  　'))), '\.$', ''), ''
    ) = people.work_email

)

select * from candidates