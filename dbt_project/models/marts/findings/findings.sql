with

findings as (

    select * from {{ ref('int_findings') }}

),

history as (

    select finding_id, first_seen_at from {{ ref('findings_history') }}
    where valid_to is null

),

exceptions as (

    select * from {{ source('policy', 'exceptions') }}

),

-- An ended exception stays visible until another one covers the finding
excepted as (

    select
        findings.finding_id,
        exceptions.*

    from findings

    join exceptions
        on
            {{ matches('findings.finding_type', 'exceptions.finding') }}
            and (
                {{ matches('findings.finding_id', 'exceptions.subject') }}
                or {{ matches('findings.account_id', 'exceptions.subject') }}
                or {{ matches('findings.person_id', 'exceptions.subject') }}
                or {{ matches('findings.entitlement_id', 'exceptions.subject') }}
                or list_contains(findings.grant_ids, exceptions.subject)
            )

    qualify
        row_number() over (
            partition by findings.finding_id
            order by exceptions.until desc, exceptions.exception_id
        ) = 1

)

select
    findings.finding_id,
    findings.finding_type,
    findings.severity,
    findings.title,
    findings.evidence,
    findings.source_name,
    findings.person_id,
    findings.account_id,
    findings.entitlement_id,
    findings.scope_id,
    case when len(findings.grant_ids) = 1 then findings.grant_ids[1] end
        as grant_id,
    history.first_seen_at,
    coalesce(excepted.until >= {{ run_at() }}::date, false) as is_excepted,
    excepted.exception_id,
    excepted.reason as exception_reason,
    excepted.until as excepted_until,
    excepted.approved_by as exception_approved_by

from findings

left join history on findings.finding_id = history.finding_id

left join excepted on findings.finding_id = excepted.finding_id
