with

today as (select ({{ run_at() }} at time zone 'UTC')::date as on_day),

people as (

    select * from {{ ref('people') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

source_states as (

    select * from {{ ref('source_states') }}

),

leavers_policy as (

    select * from {{ source('policy', 'leavers') }}

),

decided as (

    select * from {{ ref('int_closed_decisions') }}

),

requested as (

    select * from {{ ref('int_approved_requests') }}

),

active_requests as (

    select
        grant_id,
        max(requested_on) as requested_on
    from requested
    where is_active
    group by grant_id

),

revoked as (

    select * from decided
    where is_last_word and decision = 'revoke'

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

    where people.employment_status = 'leaver'

),

-- A request that is younger than a decision is newer knowledge
from_decisions as (

    select
        'decision' as reason_kind,
        decided.campaign || '/' || decided.item_id as reason_id,
        decided.decision as action,
        decided.campaign,
        decided.item_id,
        decided.source_name,
        decided.person_id,
        decided.account_id,
        decided.entitlement_id,
        decided.scope_id,
        decided.closed_at as wanted_at,
        decided.due_at,
        coalesce(
            decided.comment,
            decided.decision || ' in campaign ' || decided.campaign
        ) as reason,
        decided.decided_by as approved_by,
        case
            when not decided.is_last_word
                then
                    'overruled: campaign ' || decided.last_campaign || ' says '
                    || decided.last_decision
            when
                decided.decision = 'revoke'
                and active_requests.requested_on
                > (decided.decided_at at time zone 'UTC')::date
                then 'overruled: it was requested again and approved'
        end as refused_because

    from decided

    left join active_requests on decided.grant_id = active_requests.grant_id

    where decided.decision in ('revoke', 'modify')

),

-- Who left without a day is gone for long enough to be disabled; nobody knows
-- when they may be deleted
disabled_leavers as (

    select
        'leaver' as reason_kind,
        person_id as reason_id,
        'disable_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + disable_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        wanted_at as due_at,
        'left' || coalesce(' on ' || ended_on, '') || '; to be disabled after '
        || disable_after_days || ' days' as reason,
        refused_because
    from leavers
    where
        disable_after_days = 0
        or coalesce(days > disable_after_days, disable_after_days is not null)

),

-- The HR system's own record of somebody is not an account to delete
deleted_leavers as (

    select
        'leaver' as reason_kind,
        person_id as reason_id,
        'delete_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + delete_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        wanted_at as due_at,
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

),

from_requests as (

    select
        'request' as reason_kind,
        requested.request_id as reason_id,
        case
            when requested.account_id is null then 'create_account'
            else 'grant'
        end as action,
        requested.source_name,
        requested.person_id,
        case
            when not requested.is_ambiguous then requested.account_id
        end as account_id,
        requested.entitlement_id,
        requested.scope_id,
        requested.requested_on::timestamp at time zone 'UTC' as wanted_at,
        requested.reason,
        requested.approved_by,
        case
            when requested.is_ambiguous
                then 'the person has several accounts: name one in the request'
            when revoked.grant_id is not null
                then
                    'overruled: campaign ' || revoked.campaign || ' says revoke,'
                    || ' and the request is not younger'
            when people.employment_status = 'leaver' then 'the person has left'
            when requested.person_id is not null and people.person_id is null
                then 'nobody is known by this person_id'
            when requested.account_id is null and people.work_email is null
                then 'no work email is known, and an account needs one'
        end as refused_because

    from requested

    left join people on requested.person_id = people.person_id

    left join revoked
        on
            requested.grant_id = revoked.grant_id
            and coalesce(
                requested.requested_on
                <= (revoked.decided_at at time zone 'UTC')::date,
                true
            )

    where requested.is_active and requested.is_first_choice

),

-- Whichever account of a person got it, unless another request still gives it
from_ended_requests as (

    select
        'expiry' as reason_kind,
        requested.request_id as reason_id,
        'revoke' as action,
        requested.source_name,
        requested.person_id,
        requested.account_id,
        requested.entitlement_id,
        requested.scope_id,
        (requested.until + 1)::timestamp at time zone 'UTC' as wanted_at,
        wanted_at as due_at,
        'approved until ' || requested.until as reason,
        requested.approved_by

    from requested

    anti join active_requests on requested.grant_id = active_requests.grant_id

    where requested.has_ended and requested.account_id is not null

),

wanted as (

    select * from from_decisions
    union all by name
    select * from disabled_leavers
    union all by name
    select * from deleted_leavers
    union all by name
    select * from from_requests
    union all by name
    select * from from_ended_requests

)

select
    *,
    {{ wanted_change_id('action') }} as wanted_change_id,
    account_id || '/' || entitlement_id || coalesce('/' || scope_id, '')
        as grant_id
from wanted
