with

 __dbt__cte__int_wanted_by_decision as (
with

decisions as (

    select * from "access"."intermediate"."int_closed_decisions"

),

active_requests as (

    select
        grant_id,
        max(requested_on) as requested_on
    from "access"."intermediate"."int_approved_requests"
    where is_active
    group by grant_id

)

select
    'decision' as reason_kind,
    decisions.campaign || '/' || decisions.item_id as reason_id,
    decisions.decision as action,
    decisions.campaign,
    decisions.item_id,
    decisions.source_name,
    decisions.person_id,
    decisions.account_id,
    decisions.entitlement_id,
    decisions.scope_id,
    decisions.closed_at as wanted_at,
    decisions.due_at,
    coalesce(
        decisions.comment,
        decisions.decision || ' in campaign ' || decisions.campaign
    ) as reason,
    decisions.decided_by as approved_by,
    case
        when not decisions.is_last_word
            then
                'overruled: campaign ' || decisions.last_campaign || ' says '
                || decisions.last_decision
        -- A request that is younger than a decision overrules it
        when
            decisions.decision = 'revoke'
            and active_requests.requested_on
            > (decisions.decided_at at time zone 'UTC')::date
            then 'overruled: it was requested again and approved'
    end as refused_because

from decisions

left join active_requests on decisions.grant_id = active_requests.grant_id

where decisions.decision in ('revoke', 'modify')
),  __dbt__cte__int_wanted_by_leavers_policy as (
with

today as (select ((select max(started_at) from main.runs) at time zone 'UTC')::date as on_day),

people as (

    select * from "access"."main"."people"
    where employment_status = 'leaver'

),

accounts as (

    select * from "access"."main"."accounts"

),

source_states as (

    select * from "access"."main"."source_states"

),

leavers_policy as (

    select * from "access"."policy"."leavers"

),

leavers as (

    select
        accounts.account_id,
        accounts.source_name,
        accounts.status,
        people.person_id,
        people.ended_on,
        today.on_day - people.ended_on as days,
        leavers_policy.disable_after_days,
        leavers_policy.delete_after_days,
        accounts.source_name = people.source_name as is_hr_record,
        case
            when accounts.account_type = 'service'
                then 'service account: other systems may depend on it'
            when source_states.is_stale
                then
                    'the last sync of ' || people.source_name || ' was not'
                    || ' complete: they may be back'
        end as refused_because

    from accounts

    join people on accounts.person_id = people.person_id

    join source_states on people.source_name = source_states.source_name

    cross join leavers_policy

    cross join today

),

-- A leaver without a last day left long enough ago to be disabled
to_disable as (

    select
        'disable_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + disable_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        'left' || coalesce(' on ' || ended_on, '') || '; to be disabled after '
        || disable_after_days || ' days' as reason,
        refused_because
    from leavers
    where
        disable_after_days = 0
        or coalesce(days > disable_after_days, disable_after_days is not null)

),

-- Without a last day there is no date after which to delete, and the person's
-- own record in the HR system is no account to delete
to_delete as (

    select
        'delete_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + delete_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        'left on ' || ended_on || '; to be deleted after ' || delete_after_days
        || ' days' as reason,
        coalesce(
            refused_because,
            case
                when status <> 'disabled' and disable_after_days is not null
                    then 'it is to be seen disabled first'
            end
        ) as refused_because
    from leavers
    where days > delete_after_days and not is_hr_record

)

select
    'leaver' as reason_kind,
    person_id as reason_id,
    *,
    wanted_at as due_at
from (
    select * from to_disable
    union all
    select * from to_delete
)
),  __dbt__cte__int_wanted_by_request as (
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
),  __dbt__cte__int_wanted_by_expiry as (
with

requests as (

    select * from "access"."intermediate"."int_approved_requests"

),

-- Access that another request still gives does not end
active_requests as (

    select grant_id from requests
    where is_active

)

select
    'expiry' as reason_kind,
    requests.request_id as reason_id,
    'revoke' as action,
    requests.source_name,
    requests.person_id,
    requests.account_id,
    requests.entitlement_id,
    requests.scope_id,
    (requests.until + 1)::timestamp at time zone 'UTC' as wanted_at,
    wanted_at as due_at,
    'approved until ' || requests.until as reason,
    requests.approved_by

from requests

anti join active_requests on requests.grant_id = active_requests.grant_id

-- The access ends on every account of the person that may have it by the request
where requests.has_ended and requests.account_id is not null
), wanted as (

    select * from __dbt__cte__int_wanted_by_decision
    union all by name
    select * from __dbt__cte__int_wanted_by_leavers_policy
    union all by name
    select * from __dbt__cte__int_wanted_by_request
    union all by name
    select * from __dbt__cte__int_wanted_by_expiry

)

select
    *,
    sha256(
        concat_ws(
            '|', action, reason_kind, reason_id,
            case when action <> 'create_account' then account_id end,
            entitlement_id, scope_id
        )
    ) as wanted_change_id,
    account_id || '/' || entitlement_id || coalesce('/' || scope_id, '')
        as grant_id
from wanted