with

wanted as (

    select
        target,
        person_id,
        nullif(trim(login, '	
                  　'), '') as login
    from "access"."push"."people"

),

people as (

    select * from "access"."intermediate"."int_people"

),

accounts as (

    select
        *,
        lower(trim(username, '	
                  　')) as login
    from "access"."intermediate"."int_accounts_matched_to_people"

),

candidates as (

    select distinct account_id, person_id
    from "access"."intermediate"."int_account_candidates"

),

-- Two people with one login are told apart by nothing else
logins as (

    select
        target,
        person_id,
        login,
        count(*) over (partition by target, lower(login)) as people_with_login
    from wanted

),

own_accounts as (

    select
        logins.target,
        logins.person_id,
        count(*) filter (accounts.account_type <> 'service') as accounts,
        count(*) filter (accounts.login = lower(logins.login)) as with_login,
        min(accounts.account_id) filter (accounts.login = lower(logins.login))
            as login_account_id,
        min(accounts.account_id) filter (accounts.account_type <> 'service')
            as only_account_id

    from logins

    join accounts
        on
            logins.target = accounts.source_name
            and logins.person_id = accounts.person_id

    group by logins.target, logins.person_id

),

unclear_accounts as (

    select
        accounts.source_name as target,
        candidates.person_id,
        count(*) as accounts,
        min(accounts.username) as username

    from candidates

    join accounts on candidates.account_id = accounts.account_id

    where accounts.match_rule = 'ambiguous'
    group by accounts.source_name, candidates.person_id

),

login_holders as (

    select
        source_name as target,
        login,
        min(account_id) as account_id,
        min(nullif(trim(employee_number, '	
                  　'), '')) as employee_number
    from accounts
    where login is not null
    group by source_name, login

),

choices as (

    select
        logins.target,
        logins.person_id,
        logins.login,
        logins.people_with_login,
        own_accounts.accounts as own_accounts,
        unclear_accounts.accounts as unclear_accounts,
        unclear_accounts.username as unclear_username,
        login_holders.account_id as login_account_id,
        login_holders.employee_number as login_employee_number,
        case
            when own_accounts.with_login = 1 then own_accounts.login_account_id
            when own_accounts.accounts = 1 then own_accounts.only_account_id
        end as account_id

    from logins

    left join own_accounts
        on
            logins.target = own_accounts.target
            and logins.person_id = own_accounts.person_id

    left join unclear_accounts
        on
            logins.target = unclear_accounts.target
            and logins.person_id = unclear_accounts.person_id

    left join login_holders
        on
            logins.target = login_holders.target
            and lower(logins.login) = login_holders.login

)

select
    choices.target,
    choices.person_id,
    choices.login,
    choices.account_id,
    case
        -- An account that fits by its login only may be somebody else's of old
        when
            choices.account_id is not null
            -- Most numbers are spelt alike, and need no closer look
            and accounts.employee_number <> people.employee_number
            and lower(nullif(trim(accounts.employee_number, '	
                  　'), ''))
            <> lower(nullif(trim(people.employee_number, '	
                  　'), ''))
            then
                'the login belongs to an account of employee number '
                || accounts.employee_number
        when choices.account_id is not null then null
        when choices.own_accounts > 1
            then
                case choices.own_accounts
                    when 2 then 'two' else choices.own_accounts::varchar
                end || ' accounts: none has the login '
                || coalesce(choices.login, 'of the rules, which is blank')
        when choices.unclear_accounts > 1
            then
                'ambiguous: fits ' || choices.unclear_accounts || ' accounts'
        when choices.unclear_accounts = 1
            then
                'ambiguous: the account '
                || coalesce(choices.unclear_username, 'without a login')
                || ' fits other people, too'
        when choices.login is null then 'no work email'
        when choices.people_with_login > 1
            then
                'ambiguous: ' || choices.people_with_login
                || ' people have the login ' || choices.login
        when choices.login_account_id is not null
            then
                'the login belongs to ' || coalesce(
                    'an account of employee number '
                    || choices.login_employee_number,
                    'another account'
                )
    end as refused_because

from choices

left join people on choices.person_id = people.person_id

left join accounts on choices.account_id = accounts.account_id