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