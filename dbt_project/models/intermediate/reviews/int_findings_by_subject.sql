with

accounts as (

    select * from {{ ref('accounts') }}

),

sign_ins as (

    select
        account_id,
        case
            when last_login_at is null or {{ is_login_ahead('accounts') }}
                then
                    'never used since '
                    || {{ day_in_words('coalesce(created_at, first_seen_at)') }}
            else 'not used since ' || {{ day_in_words('last_login_at') }}
        end as not_used_since
    from accounts

),

findings as (

    select
        findings.finding_id,
        findings.finding_type,
        findings.title,
        findings.account_id,
        findings.is_excepted,
        findings.excepted_until,
        sign_ins.not_used_since,
        case
            when findings.is_excepted then 0 else {{ finding_points() }}
        end as points
    from {{ ref('findings') }} as findings
    left join sign_ins on findings.account_id = sign_ins.account_id

),

subjects as (

    select
        finding_id,
        unnest(coalesce(grant_ids, [account_id])) as subject_id
    from {{ ref('int_findings') }}

)

select
    subjects.subject_id,
    string_agg(
        findings.title
        || case
            when findings.is_excepted
                then ' (accepted until ' || findings.excepted_until || ')'
            else ''
        end,
        '; ' order by findings.title, findings.finding_id
    ) as findings,
    sum(findings.points)::bigint as points,
    string_agg(
        lower(findings.title) || ' +' || findings.points,
        ', ' order by findings.title, findings.finding_id
    ) filter (findings.points > 0) as because,
    string_agg(
        distinct {{ finding_words() }}, '; '
        order by {{ finding_words() }}
    ) filter (findings.points > 0) as reasons

from subjects

join findings on subjects.finding_id = findings.finding_id

group by subjects.subject_id
