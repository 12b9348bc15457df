select
    account_id as subject,
    account_id,
    case mfa_enabled when false then 'high' else 'low' end as severity,
    case
        when mfa_enabled is null
            then 'Privileged, and whether with a second factor is unknown'
    end as title,
    'privileges: ' || privileges as evidence
from "access"."intermediate"."int_live_accounts"
where
    privileges is not null
    and account_type <> 'service'
    and mfa_enabled is distinct from true