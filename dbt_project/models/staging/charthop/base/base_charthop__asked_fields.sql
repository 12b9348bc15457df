with

asked as (

    select id as name from {{ source('charthop', 'asked_fields') }}
    where from_json(payload, '{"isRefused": "boolean"}')."isRefused" = false

),

-- Rows are flat ("team.name") or nested
field_values as (

    select
        persons.id,
        asked.name,
        coalesce(
            nullif(persons.payload->('$."' || asked.name || '"'), 'null'::json),
            nullif(
                persons.payload->(
                    '$."' || replace(asked.name, '.', '"."') || '"'
                ),
                'null'::json
            )
        ) as field_value

    from {{ source('charthop', 'persons') }} as persons

    cross join asked

)

select
    id,
    to_json(
        map_from_entries(list((name, field_value) order by name))
    ) as hr_fields
from field_values
group by id
