select
    target,
    rule_id,
    entitlement_id,
    name,
    state,
    members,
    to_add,
    to_remove,
    blocked,
    why
from {{ ref('int_push_groups') }}
