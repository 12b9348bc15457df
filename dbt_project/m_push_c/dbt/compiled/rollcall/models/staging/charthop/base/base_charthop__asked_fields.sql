with

asked as (

    select id as name from "access"."raw_charthop"."asked_fields"
    where from_json(payload, '{"isRefused": "boolean"}')."isRefused" = false

),

-- Whoever is not employed today has the seat of their first or last day
payloads as (

    select
        persons.id,
        persons.payload,
        seats.payload as seat_payload

    from "access"."raw_charthop"."persons" as persons

    left join "access"."raw_charthop"."first_and_last_days" as seats
        on persons.id = seats.id

),

-- Rows are flat ("team.name") or nested
field_values as (

    select
        payloads.id,
        asked.name,
        coalesce(
            nullif(
                payloads.payload->('$."' || asked.name || '"'),
                'null'::json
            ),
            nullif(
                payloads.payload->(
                    '$."' || replace(asked.name, '.', '"."') || '"'
                ),
                'null'::json
            ),
            nullif(
                payloads.seat_payload->('$."' || asked.name || '"'),
                'null'::json
            ),
            nullif(
                payloads.seat_payload->(
                    '$."' || replace(asked.name, '.', '"."') || '"'
                ),
                'null'::json
            )
        ) as field_value

    from payloads

    cross join asked

)

select
    id,
    to_json(
        map_from_entries(list((name, field_value) order by name))
    ) as hr_fields
from field_values
group by id