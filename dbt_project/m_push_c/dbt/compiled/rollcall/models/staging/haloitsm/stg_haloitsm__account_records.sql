with

records as (

    select id from "access"."raw_haloitsm"."agents"

),

agents as (

    select id from "access"."staging"."base_haloitsm__agents"

)

select
    'haloitsm:agent:' || records.id as account_id,
    case
        when agents.id is null
            then 'where tickets wait, not somebody who can log in'
    end as left_out_because

from records

left join agents on records.id = agents.id