select
    {{ grant_id('grants') }} as grant_id,
    source_name,
    account_id,
    entitlement_id,
    scope_type,
    scope_id,
    is_direct,
    is_inherited,
    source_grant_id,
    dangling_reason as reason
from {{ ref('int_effective_grants') }} as grants
where dangling_reason is not null
