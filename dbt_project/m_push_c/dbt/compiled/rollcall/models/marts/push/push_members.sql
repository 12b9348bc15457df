select
    target,
    rule_id,
    entitlement_id,
    account_id,
    person_id,
    state,
    why
from "access"."intermediate"."int_push_members"