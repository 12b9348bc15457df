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

candidates as (

    select * from "access"."intermediate"."int_account_candidates"

),

by_rule as (

    select
        account_id,
        rule_order,
        match_rule,
        list(person_id) as person_ids
    from candidates
    group by account_id, rule_order, match_rule

),

-- The first rule that finds anybody decides
first_rules as (

    select * from by_rule
    qualify rule_order = min(rule_order) over (partition by account_id)

),

agreements as (

    select
        first_rules.account_id,
        bool_and(
            list_contains(by_rule.person_ids, first_rules.person_ids[1])
        ) as is_agreed

    from first_rules

    join by_rule on first_rules.account_id = by_rule.account_id

    group by first_rules.account_id

),

-- That rule has to find one person, and no other rule may find only other
-- people. The HR record itself needs no other evidence.
deciding as (

    select
        first_rules.account_id,
        first_rules.match_rule,
        first_rules.person_ids[1] as person_id,
        len(first_rules.person_ids) > 1 or (
            first_rules.match_rule <> 'hr_record' and not agreements.is_agreed
        ) as is_ambiguous

    from first_rules

    join agreements on first_rules.account_id = agreements.account_id

)

select
    accounts.* exclude (person_id),
    case when not deciding.is_ambiguous then deciding.person_id end
        as person_id,
    case
        when deciding.is_ambiguous then 'ambiguous'
        else coalesce(deciding.match_rule, 'none')
    end as match_rule

from accounts

left join deciding on accounts.account_id = deciding.account_id