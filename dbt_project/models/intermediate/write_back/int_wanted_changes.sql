with

wanted as (

    select * from {{ ref('int_wanted_by_decision') }}
    union all by name
    select * from {{ ref('int_wanted_by_leavers_policy') }}
    union all by name
    select * from {{ ref('int_wanted_by_request') }}
    union all by name
    select * from {{ ref('int_wanted_by_expiry') }}

)

select
    *,
    {{ wanted_change_id('action') }} as wanted_change_id,
    {{ grant_id('wanted') }} as grant_id
from wanted
