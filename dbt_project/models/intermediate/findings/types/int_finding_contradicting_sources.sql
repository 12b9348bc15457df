with

live_accounts as (

    select * from {{ ref('int_live_accounts') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

candidates as (

    select * from {{ ref('int_account_candidates') }}

),

-- The HR record is not an account that can be closed
by_source as (

    select
        person_id,
        source_name,
        bool_or(status <> 'disabled') as is_live
    from accounts
    where person_id is not null and match_rule <> 'hr_record'
    group by person_id, source_name

),

-- One source has closed all accounts of a person, and another source has not
disagreeing as (

    select
        person_id,
        string_agg(source_name, ', ' order by source_name)
            filter (is_live) as live_in,
        string_agg(source_name, ', ' order by source_name)
            filter (not is_live) as closed_in
    from by_source
    group by person_id
    having bool_or(is_live) and bool_or(not is_live)

),

-- The rules that find exactly one person for an account
clear_matches as (

    select
        account_id,
        rule_order,
        match_rule,
        min(person_id) as person_id
    from candidates
    group by account_id, rule_order, match_rule
    having count(*) = 1

),

matched_twice as (

    select account_id from clear_matches
    group by account_id
    having min(person_id) <> max(person_id)

),

-- Two such rules find different people
contradicting_matches as (

    select
        clear_matches.account_id,
        string_agg(
            replace(clear_matches.match_rule, '_', ' ')
            || ' says ' || clear_matches.person_id,
            ', ' order by clear_matches.rule_order
        ) as rules

    from clear_matches

    semi join matched_twice
        on clear_matches.account_id = matched_twice.account_id

    group by clear_matches.account_id

),

contradictions as (

    select
        live_accounts.account_id,
        nullif(
            concat_ws(
                '; ',
                'HR says ' || live_accounts.employment_status || ', closed in '
                || disagreeing.closed_in || ', live in '
                || disagreeing.live_in,
                contradicting_matches.rules,
                case
                    when
                        live_accounts.employment_status = 'leaver'
                        -- One more day than the last one: time zones differ
                        and live_accounts.last_login_at::date
                        > live_accounts.ended_on + 1
                        then
                            'left on ' || live_accounts.ended_on
                            || ', and signed in after that'
                    when
                        live_accounts.employment_status = 'future'
                        and live_accounts.last_login_at is not null
                        then
                            'begins on ' || live_accounts.started_on
                            || ', and has signed in already'
                end
            ),
            ''
        ) as evidence

    from live_accounts

    -- With two conditions, DuckDB would compare every account with every person
    left join disagreeing
        on
            case
                when live_accounts.match_rule <> 'hr_record'
                    then live_accounts.person_id
            end = disagreeing.person_id

    left join contradicting_matches
        on live_accounts.account_id = contradicting_matches.account_id

)

select
    account_id as subject,
    account_id,
    'medium' as severity,
    evidence
from contradictions
where evidence is not null
