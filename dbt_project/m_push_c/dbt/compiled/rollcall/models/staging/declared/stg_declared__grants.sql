with

source as (

    select
        null::varchar as source_name,
        null::varchar as account_id,
        null::varchar as entitlement_id,
        null::varchar as inherited_through,
        null::varchar as scope_type,
        null::varchar as scope_id,
        null::varchar as scope_name,
        null::varchar as source_grant_id,
        null::timestamptz as granted_at,
        null::varchar as granted_by,
        null::boolean as is_inherited,
        null::boolean as is_read_only
    where false

)

select
    *,
    null::timestamptz as last_read_at
from source