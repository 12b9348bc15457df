with

records as (

    select id from {{ source('haloitsm', 'agents') }}

),

agents as (

    select id from {{ ref('base_haloitsm__agents') }}

)

select
    'haloitsm:agent:' || records.id as account_id,
    case
        when agents.id is null
            then 'where tickets wait, not somebody who can log in'
    end as left_out_because

from records

left join agents on records.id = agents.id
