with

read_back as (
    select
        'haloitsm' as source_name,
        ticket_id,
        source_ticket_id,
        status,
        source_status,
        summary,
        created_at,
        updated_at,
        closed_at,
        last_note
    from "access"."staging"."stg_haloitsm__tickets"
    

),

-- Several plans may have found the same ticket: the first one opened it
opened as (

    select * from "access"."intermediate"."int_applied_changes"
    where action = 'open_ticket' and ticket_id is not null
    qualify row_number() over (partition by ticket_id order by known_at, change_id) = 1

)

select
    opened.ticket_id,
    split_part(opened.ticket_id, ':', 1) as source_name,
    split_part(opened.ticket_id, ':', 3) as source_ticket_id,
    opened.reference,
    coalesce(read_back.status, 'unknown') as status,
    read_back.source_status,
    read_back.summary,
    read_back.created_at,
    read_back.updated_at,
    read_back.closed_at,
    read_back.last_note,
    opened.account_id,
    opened.entitlement_id,
    opened.grant_id,
    opened.change_id,
    opened.plan_digest

from opened

left join read_back on opened.ticket_id = read_back.ticket_id