with

requests as (

    select * from "access"."intermediate"."int_approved_requests"
    where is_active and is_first_choice

),

people as (

    select * from "access"."main"."people"

),

accounts as (

    select account_id, email from "access"."main"."accounts"

),

approvers as (

    select * from "access"."intermediate"."int_approvers"

),

revokes as (

    select * from "access"."intermediate"."int_closed_decisions"
    where is_last_word and decision = 'revoke'

)

select
    'request' as reason_kind,
    requests.request_id as reason_id,
    case
        when requests.account_id is null then 'create_account'
        else 'grant'
    end as action,
    requests.source_name,
    requests.person_id,
    case
        when not requests.is_ambiguous then requests.account_id
    end as account_id,
    requests.entitlement_id,
    requests.scope_id,
    requests.requested_on::timestamp at time zone 'UTC' as wanted_at,
    requests.reason,
    requests.approved_by,
    case
        when requests.is_ambiguous
            then 'the person has several accounts: name one in the request'
        when revokes.grant_id is not null
            then
                'overruled: campaign ' || revokes.campaign || ' says revoke,'
                || ' and the request is not younger'
        when people.employment_status = 'leaver' then 'the person has left'
        when requests.person_id is not null and people.person_id is null
            then 'nobody is known by this person_id'
        when requests.account_id is null and people.work_email is null
            then 'no work email is known, and an account needs one'
        -- A person with one name has all of it in one part
        when
            requests.account_id is null
            and (people.given_name is null or people.family_name is null)
            and people.full_name
            is distinct from coalesce(people.given_name, people.family_name, '')
            then
                'HR does not say which part of the name is the family name,'
                || ' and a name is never cut in two'
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
            then 'the person who gets it has approved it: somebody else has to'
    end as refused_because

from requests

left join people on requests.person_id = people.person_id

left join accounts on requests.account_id = accounts.account_id

left join approvers
    on nullif(
        regexp_replace(nfc_normalize(lower(trim(requests.approved_by, '	
                  　'))), '\.$', ''), ''
    ) = approvers.approver

left join revokes
    on
        requests.grant_id = revokes.grant_id
        and coalesce(
            requests.requested_on
            <= (revokes.decided_at at time zone 'UTC')::date,
            true
        )