with

records as (

    select
        id,
        json_extract_string(payload, '$.name') as name,
        json_extract_string(payload, '$.email') as email
    from {{ source('haloitsm', 'agents') }}

)

select
    'haloitsm:agent:' || id as account_id,
    case
        when
            id = '1'
            and (
                nullif(trim(email), '') is null
                or lower(trim(name)) = 'unassigned'
            )
            then 'where tickets wait, not somebody who can log in'
    end as left_out_because
from records
