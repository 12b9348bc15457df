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
        ) as told
    from {{ source('haloitsm', 'tickets') }}

),

tickets as (

    select

        ---------- ids
        'haloitsm:ticket:' || id as ticket_id,
        id as source_ticket_id,

        ---------- strings
        case told.is_closed
            when true then 'closed'
            when false then 'open'
            else 'unknown'
        end as status,
        {{ filled('told.status') }} as source_status,
        {{ filled('told.ticket.summary') }} as summary,
        {{ filled('told.last_note') }} as last_note,

        ---------- timestamps
        told.ticket.dateoccurred as created_at,
        told.ticket.last_update as updated_at,
        -- Halo writes "never" as a day long before there were computers
        case
            when
                told.is_closed
                and told.ticket.dateclosed >= '1901-01-01'::timestamptz
                then told.ticket.dateclosed
        end as closed_at

    from source

)

select * from tickets
