with

applied_changes as (

    select
        *,
        case
            when action = 'open_ticket' then wanted_action else action
        end as asks_for,
        -- The service desk shows the result of a follow-up to a ticket
        case
            when action in ('comment_ticket', 'close_ticket', 'reopen_ticket')
                then split_part(ticket_id, ':', 1)
            else source_name
        end as checked_in
    from "access"."main"."applied_changes"
    -- No decision, policy or request asks for an undo or a push
    where reason_kind not in ('undo', 'push')

),

-- A created account has no id yet: the request names the person
requests as (

    select request_id, person_id from "access"."policy"."requests"

),

source_states as (

    select * from "access"."main"."source_states"

)

select
    applied_changes.* replace (
        -- Journals of earlier versions name no person
        case applied_changes.reason_kind
            when 'leaver' then applied_changes.reason_id
            when 'request' then requests.person_id
            else applied_changes.person_id
        end as person_id
    ),
    sha256(
        concat_ws(
            '|', applied_changes.asks_for, reason_kind, reason_id,
            case when applied_changes.asks_for <> 'create_account' then account_id end,
            entitlement_id, scope_id
        )
    ) as wanted_change_id,
    -- Only a complete sync that began afterwards shows the result
    coalesce(source_states.data_as_of > applied_changes.known_at, false)
        as is_checked

from applied_changes

left join requests on applied_changes.reason_id = requests.request_id

left join source_states
    on applied_changes.checked_in = source_states.source_name