with

accounts as (

    select * from "access"."intermediate"."int_accounts_matched_to_people"

),

history as (

    select account_id, first_seen_at from "access"."main"."accounts_history"
    where valid_to is null

),

source_states as (

    select * from "access"."main"."source_states"

)

select
    accounts.account_id,
    accounts.source_name,
    accounts.source_account_id,
    accounts.account_type,
    accounts.display_name,
    accounts.username,
    accounts.email,
    accounts.employee_number,
    accounts.status,
    accounts.source_status,
    accounts.mfa_enabled,
    accounts.reports_logins,
    accounts.last_login_at,
    accounts.created_at,
    accounts.updated_at,
    accounts.person_id,
    accounts.match_rule,
    accounts.change_channel,
    history.first_seen_at,
    source_states.last_complete_at as last_seen_at

from accounts

left join history on accounts.account_id = history.account_id

left join source_states on accounts.source_name = source_states.source_name