with

choices as (

    select * from "access"."intermediate"."int_push_account_choices"

),

targets as (

    select * from "access"."push"."targets"

),

people as (

    select * from "access"."intermediate"."int_people"

),

accounts as (

    select * from "access"."intermediate"."int_accounts_matched_to_people"

),

profiles as (
    select
        'okta' as source_name,
        account_id,
        user_type,
        given_name,
        family_name,
        job_title,
        manager_email,
        sourced_by,
        identity_provider,
        status_detail,
        profile
    from "access"."staging"."stg_okta__profiles"
    

),

protected as (

    select * from "access"."policy"."protected"

),

protected_accounts as (

    select
        choices.account_id,
        min(protected.reason) as reason

    from choices

    join protected on choices.account_id like replace(
        replace(replace(replace(protected.pattern, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'

    group by choices.account_id

),

-- Only an account that a push made is activated by one
created_accounts as (

    select distinct account_id from "access"."main"."applied_changes"
    where
        action = 'create_account'
        and reason_kind = 'push'
        and outcome in ('done', 'already')
        and account_id is not null

),

described as (

    select
        choices.*,
        accounts.match_rule,
        accounts.status,
        accounts.source_status,
        coalesce(
            profiles.status_detail,
            case accounts.status when 'disabled' then 'deactivated' end
        ) as status_detail,
        coalesce(
            targets.reactivates and people.employment_status = 'active', false
        ) as is_to_return,
        coalesce(
            created_accounts.account_id is not null
            and profiles.status_detail = 'staged'
            and targets.activates <> 'never'
            and people.employment_status <> 'leaver',
            false
        ) as is_to_begin,
        targets.activates = 'at_once' or coalesce(
            people.started_on <= people.today,
            people.employment_status = 'active',
            false
        ) as has_begun,
        case
            when choices.refused_because is not null
                then choices.refused_because
            when choices.account_id is null
                then
                    case
                        when people.employment_status = 'leaver'
                            then 'no account: the person has left'
                        when not targets.creates_accounts
                            then 'no account: profiles.create is off'
                        when people.work_email is null then 'no work email'
                        when people.given_name is null then 'no given name'
                        when people.family_name is null then 'no family name'
                    end
            when protected_accounts.account_id is not null
                then 'protected: ' || protected_accounts.reason
            when accounts.status = 'unknown'
                then
                    'nobody knows the status '
                    || coalesce(accounts.source_status, 'that it has not')
        end as why

    from choices

    join targets on choices.target = targets.target

    left join people on choices.person_id = people.person_id

    left join accounts on choices.account_id = accounts.account_id

    left join profiles on choices.account_id = profiles.account_id

    left join created_accounts
        on choices.account_id = created_accounts.account_id

    left join protected_accounts
        on choices.account_id = protected_accounts.account_id

)

select
    target,
    person_id,
    account_id,
    login,
    match_rule,
    status,
    source_status,
    status_detail,
    case
        when why is not null then 'blocked'
        when account_id is null then 'to_create'
        when status_detail = 'deactivated' and is_to_return
            then 'to_reactivate'
        when status_detail in ('deactivated', 'suspended') then 'blocked'
        when is_to_begin and has_begun then 'to_activate'
        when is_to_begin then 'waiting'
        else 'matched'
    end as state,
    coalesce(
        why,
        case
            when status_detail = 'deactivated' and not is_to_return
                then 'deactivated'
            when status_detail = 'suspended' then 'suspended'
        end
    ) as why
from described