with

accounts as (

    select * from {{ ref('accounts') }}

),

people as (

    select * from {{ ref('people') }}

),

privileged as (

    select entitlement_id, display_name from {{ ref('entitlements') }}
    where is_privileged

),

grants as (

    select account_id, entitlement_id from {{ ref('grants') }}

),

candidates as (

    select
        account_id,
        rule_order,
        match_rule,
        list_sort(list(person_id)) as person_ids
    from {{ ref('int_account_candidates') }}
    group by account_id, rule_order, match_rule

),

privileges as (

    select
        grants.account_id,
        array_to_string(
            list_sort(list(distinct privileged.display_name)), ', '
        ) as privileges

    from grants

    join privileged on grants.entitlement_id = privileged.entitlement_id

    group by grants.account_id

),

-- Unknown counts as access
live as (

    select
        accounts.*,
        people.full_name,
        people.employment_status,
        people.started_on,
        people.ended_on,
        privileges.privileges,
        '; privileges: ' || privileges.privileges as privileges_too,
        {{ is_dormant('accounts') }} as is_dormant,
        {{ dormant_after('accounts') }} as dormant_after_days

    from accounts

    left join people on accounts.person_id = people.person_id

    left join privileges on accounts.account_id = privileges.account_id

    where accounts.status <> 'disabled'

),

leavers as (

    select
        'leaver_with_access' as finding_type,
        account_id,
        case when privileges is null then 'high' else 'critical' end
            as severity,
        'Leaver with a live account' as title,
        concat(
            'left on ',
            coalesce(ended_on::varchar, 'a day that HR does not say'),
            '; the account is ',
            status,
            privileges_too
        ) as evidence
    from live
    where employment_status = 'leaver'

),

without_person as (

    select
        'account_without_person' as finding_type,
        account_id,
        case
            when privileges is not null then 'high'
            when account_type = 'service' then 'low'
            else 'medium'
        end as severity,
        'Account without a person' as title,
        concat(
            'no person in HR fits this ',
            account_type,
            ' account by number, mail or username',
            privileges_too
        ) as evidence
    from live
    where match_rule = 'none'

),

ambiguous as (

    select
        'ambiguous_match' as finding_type,
        live.account_id,
        case when live.privileges is null then 'medium' else 'high' end
            as severity,
        'Account that fits more than one person' as title,
        concat(
            len(candidates.person_ids),
            ' people fit by ',
            replace(candidates.match_rule, '_', ' '),
            ': ',
            array_to_string(candidates.person_ids, ', ')
        ) as evidence

    from live

    join candidates on live.account_id = candidates.account_id

    where live.match_rule = 'ambiguous'
    qualify
        candidates.rule_order
        = min(candidates.rule_order) over (partition by live.account_id)

),

dormant as (

    select
        'dormant_account' as finding_type,
        account_id,
        case when privileges is null then 'medium' else 'high' end as severity,
        'Dormant account' as title,
        concat(
            case
                when last_login_at is not null
                    then 'last signed in on ' || last_login_at::date
                else
                    'never signed in since '
                    || coalesce(created_at, first_seen_at)::date
            end,
            '; the limit for a ',
            account_type,
            ' account is ',
            dormant_after_days,
            ' days',
            privileges_too
        ) as evidence
    from live
    where is_dormant

),

without_mfa as (

    select
        'privileged_without_mfa' as finding_type,
        account_id,
        case mfa_enabled when false then 'high' else 'low' end as severity,
        case mfa_enabled
            when false then 'Privileged without a second factor'
            else 'Privileged, and whether with a second factor is unknown'
        end as title,
        'privileges: ' || privileges as evidence
    from live
    where
        privileges is not null
        and account_type <> 'service'
        and mfa_enabled is distinct from true

),

-- Systems disagree about a person where one has closed all of their accounts,
-- and another has not. The HR record is no account to be closed.
by_source as (

    select
        person_id,
        source_name,
        bool_or(status <> 'disabled') as is_live
    from accounts
    where person_id is not null and match_rule <> 'hr_record'
    group by person_id, source_name

),

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

-- Rules that find one person each, and not the same one
misfits as (

    select
        account_id,
        string_agg(
            replace(match_rule, '_', ' ') || ' says ' || person_ids[1],
            ', ' order by rule_order
        ) as rules
    from candidates
    where len(person_ids) = 1
    group by account_id
    having count(distinct person_ids[1]) > 1

),

contradictions as (

    select
        'contradicting_sources' as finding_type,
        live.account_id,
        'medium' as severity,
        'Systems contradict each other' as title,
        nullif(
            concat_ws(
                '; ',
                'HR says ' || live.employment_status || ', closed in '
                || disagreeing.closed_in || ', live in ' || disagreeing.live_in,
                misfits.rules,
                case
                    when
                        live.employment_status = 'leaver'
                        -- A day more than the last one, whatever the time zone
                        and live.last_login_at::date > live.ended_on + 1
                        then
                            'left on ' || live.ended_on
                            || ', and signed in after that'
                    when
                        live.employment_status = 'future'
                        and live.last_login_at is not null
                        then
                            'begins on ' || live.started_on
                            || ', and has signed in already'
                end
            ),
            ''
        ) as evidence

    from live

    left join disagreeing
        on
            live.person_id = disagreeing.person_id
            and live.match_rule <> 'hr_record'

    left join misfits on live.account_id = misfits.account_id

),

found as (

    select * from leavers
    union all
    select * from without_person
    union all
    select * from ambiguous
    union all
    select * from dormant
    union all
    select * from without_mfa
    union all
    select * from contradictions where evidence is not null

)

select
    found.finding_type || ':' || found.account_id as finding_id,
    found.finding_type,
    found.severity,
    found.title,
    found.evidence,
    accounts.source_name,
    accounts.person_id,
    found.account_id

from found

join accounts on found.account_id = accounts.account_id
