select
    grant_id as subject,
    source_name,
    account_id,
    entitlement_id,
    scope_id,
    [grant_id] as grant_ids,
    'low' as severity,
    reason as evidence
from "access"."main"."dangling_grants"