select
    account_id as subject,
    account_id,
    case
        when privileges is not null then 'high'
        when account_type = 'service' then 'low'
        else 'medium'
    end as severity,
    concat(
        'no person in HR fits this ',
        account_type,
        ' account by number, mail or username',
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where match_rule = 'none'