select
    account_id as subject,
    account_id,
    case when privileges is null then 'high' else 'critical' end as severity,
    concat(
        'left on ',
        coalesce(ended_on::varchar, 'a day that HR does not say'),
        '; the account is ',
        status,
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where employment_status = 'leaver'