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

people as (

    select person_id, work_email from {{ ref('people') }}

),

accounts as (

    select account_id, email from {{ ref('accounts') }}

),

approvers as (

    select * from {{ ref('int_approvers') }}

),

-- An ended or refused exception stays visible until another one covers the
-- finding
excepted as (

    select
        findings.finding_id,
        exceptions.*,
        case
            when approvers.approver is null
                then 'approved_by is no address that HR or the policy knows'
            when approvers.approver in (
                {{ mail('people.work_email') }}, {{ mail('accounts.email') }}
            )
                then 'whoever it is about has approved it: somebody else has to'
        end as refused_because

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

    left join people on findings.person_id = people.person_id

    left join accounts on findings.account_id = accounts.account_id

    left join approvers
        on {{ mail('exceptions.approved_by') }} = approvers.approver

    qualify
        row_number() over (
            partition by findings.finding_id
            order by
                refused_because is not null,
                exceptions.until desc,
                exceptions.exception_id
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
    coalesce(
        excepted.refused_because is null
        and excepted.until >= {{ run_at() }}::date,
        false
    ) as is_excepted,
    excepted.exception_id,
    excepted.reason as exception_reason,
    excepted.until as excepted_until,
    excepted.approved_by as exception_approved_by,
    excepted.refused_because as exception_refused_because

from findings

left join history on findings.finding_id = history.finding_id

left join excepted on findings.finding_id = excepted.finding_id
