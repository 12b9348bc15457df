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
from "access"."intermediate"."int_push_groups"