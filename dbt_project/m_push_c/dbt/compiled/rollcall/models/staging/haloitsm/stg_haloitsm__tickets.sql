with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "ticket": {
                    "summary": "varchar",
                    "dateoccurred": "timestamptz",
                    "last_update": "timestamptz",
                    "dateclosed": "timestamptz"
                },
                "status": "varchar",
                "is_closed": "boolean",
                "last_note": "varchar"
            }'
        ) as ticket_row
    from "access"."raw_haloitsm"."tickets"

),

tickets as (

    select

        ---------- ids
        'haloitsm:ticket:' || id as ticket_id,
        id as source_ticket_id,

        ---------- strings
        case ticket_row.is_closed
            when true then 'closed'
            when false then 'open'
            else 'unknown'
        end as status,
        nullif(trim(ticket_row.status, '	
                  　'), '') as source_status,
        nullif(trim(ticket_row.ticket.summary, '	
                  　'), '') as summary,
        nullif(trim(ticket_row.last_note, '	
                  　'), '') as last_note,

        ---------- timestamps
        ticket_row.ticket.dateoccurred as created_at,
        ticket_row.ticket.last_update as updated_at,
        -- Halo writes "never" as a date around 1900
        case
            when
                ticket_row.is_closed
                and ticket_row.ticket.dateclosed >= '1901-01-01'::timestamptz
                then ticket_row.ticket.dateclosed
        end as closed_at

    from source

)

select * from tickets