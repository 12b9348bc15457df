select
    account_id as subject,
    account_id,
    case when privileges is null then 'medium' else 'high' end as severity,
    concat(
        case
            when is_login_ahead
                then
                    'the last sign-in is dated ' || last_login_at::date
                    || ', in the future; nothing shows one since '
                    || coalesce(created_at, first_seen_at)::date
            when last_login_at is not null
                then 'last signed in on ' || last_login_at::date
            else
                'never signed in since '
                || coalesce(created_at, first_seen_at)::date
        end,
        '; the limit for a ',
        account_type,
        ' account is ',
        dormant_after_days,
        ' days',
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where is_dormant