with

findings as (

    select * from "access"."intermediate"."int_findings"

),

history as (

    select finding_id, first_seen_at from "access"."main"."findings_history"
    where valid_to is null

),

exceptions as (

    select * from "access"."policy"."exceptions"

),

people as (

    select person_id, work_email from "access"."main"."people"

),

accounts as (

    select account_id, email from "access"."main"."accounts"

),

approvers as (

    select * from "access"."intermediate"."int_approvers"

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
                nullif(
        regexp_replace(nfc_normalize(lower(trim(people.work_email, '	
                  　'))), '\.$', ''), ''
    ), nullif(
        regexp_replace(nfc_normalize(lower(trim(accounts.email, '	
                  　'))), '\.$', ''), ''
    )
            )
                then 'whoever it is about has approved it: somebody else has to'
        end as refused_because

    from findings

    join exceptions
        on
            findings.finding_type like replace(
        replace(replace(replace(exceptions.finding, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
            and (
                findings.finding_id like replace(
        replace(replace(replace(exceptions.subject, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
                or findings.account_id like replace(
        replace(replace(replace(exceptions.subject, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
                or findings.person_id like replace(
        replace(replace(replace(exceptions.subject, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
                or findings.entitlement_id like replace(
        replace(replace(replace(exceptions.subject, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
                or list_contains(findings.grant_ids, exceptions.subject)
            )

    left join people on findings.person_id = people.person_id

    left join accounts on findings.account_id = accounts.account_id

    left join approvers
        on nullif(
        regexp_replace(nfc_normalize(lower(trim(exceptions.approved_by, '	
                  　'))), '\.$', ''), ''
    ) = approvers.approver

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
        and excepted.until >= (select max(started_at) from main.runs)::date,
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