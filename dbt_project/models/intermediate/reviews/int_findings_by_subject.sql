with

findings as (

    select
        finding_id,
        finding_type,
        title,
        account_id,
        is_excepted,
        excepted_until,
        case when is_excepted then 0 else {{ finding_points() }} end as points
    from {{ ref('findings') }}

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
    ) filter (findings.points > 0) as because

from subjects

join findings on subjects.finding_id = findings.finding_id

group by subjects.subject_id
