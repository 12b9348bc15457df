with

applied_changes as (

    select
        *,
        case
            when action = 'open_ticket' then wanted_action else action
        end as asks_for,
        -- What becomes of a ticket is for the desk to show
        case
            when action in ('comment_ticket', 'close_ticket', 'reopen_ticket')
                then split_part(ticket_id, ':', 1)
            else source_name
        end as judged_by
    from {{ source('rollcall', 'applied_changes') }}
    -- An undo takes a change back; no decision, policy or request asks for it
    where reason_kind <> 'undo'

),

-- Whose account was made is not known by an id of it
requests as (

    select request_id, person_id from {{ source('policy', 'requests') }}

),

source_states as (

    select * from {{ ref('source_states') }}

)

-- Only a read that began afterwards, and was complete, can tell what came of it
select
    applied_changes.*,
    case applied_changes.reason_kind
        when 'leaver' then applied_changes.reason_id
        when 'request' then requests.person_id
    end as person_id,
    {{ wanted_change_id('applied_changes.asks_for') }} as wanted_change_id,
    coalesce(source_states.last_complete_at > applied_changes.known_at, false)
        as is_judged

from applied_changes

left join requests on applied_changes.reason_id = requests.request_id

left join source_states
    on applied_changes.judged_by = source_states.source_name
