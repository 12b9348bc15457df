with

source as (

    select
        null::varchar as source_name,
        null::varchar as entitlement_id,
        null::varchar as resource_type,
        null::varchar as resource_id,
        null::varchar as resource_name,
        null::varchar as slug,
        null::varchar as display_name,
        null::varchar as description,
        null::varchar as parent_resource_id,
        null::boolean as is_privileged,
        null::boolean as is_rule_managed,
        null::varchar as unchangeable_because
    where false

)

select
    *,
    'ticket' as change_channel
from source