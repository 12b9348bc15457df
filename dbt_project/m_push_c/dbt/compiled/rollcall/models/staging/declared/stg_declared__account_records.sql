with

source as (

    select
        null::varchar as source_name,
        null::varchar as account_id
    where false

)

select
    *,
    null::varchar as left_out_because
from source