with

source as (

    select
        id as query,
        from_json(
            payload,
            '{
                "ids": ["varchar"],
                "isRefused": "boolean",
                "refusedBecause": "varchar"
            }'
        ) as answer
    from "access"."raw_charthop"."queries"

)

select
    query,
    case
        when answer."isRefused"
            then coalesce(answer."refusedBecause", 'no reason is given')
    end as refused_because,
    list_transform(
        coalesce(answer.ids, []), lambda id: 'charthop:person:' || id
    ) as person_ids
from source