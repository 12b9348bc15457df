"""What the accounts of Okta hold, as the last sync read it: their profile and a status in words."""

PROFILES_SQL = """
select
    'okta:user:' || id as account_id,
    payload->'profile' as profile,
    case upper(payload->>'$.status')
        when 'STAGED' then 'staged'
        when 'SUSPENDED' then 'suspended'
        when 'DEPROVISIONED' then 'deactivated'
    end as status_detail
from raw_okta.users
"""
