with

today as (select ({{ run_at() }} at time zone 'UTC')::date as on_day),

accounts as (

    select * from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

requests as (

    select * from {{ source('policy', 'requests') }}

),

dated as (

    select
        requests.*,
        coalesce(
            entitlements.source_name,
            split_part(requests.entitlement_id, ':', 1)
        ) as source_name,
        coalesce(requests.requested_on <= today.on_day, true)
        and coalesce(requests.until >= today.on_day, true) as is_active,
        coalesce(requests.until < today.on_day, false) as has_ended

    from requests

    cross join today

    left join entitlements
        on requests.entitlement_id = entitlements.entitlement_id

),

-- A request for a person means an account of that person in the system of the
-- entitlement, no service account. Of several, it means the only enabled one.
with_accounts as (

    select
        dated.* exclude (account_id, person_id),
        coalesce(dated.account_id, accounts.account_id) as account_id,
        coalesce(dated.person_id, accounts.person_id) as person_id,
        count(accounts.account_id) over by_request as accounts_found,
        count(accounts.account_id) filter (accounts.status = 'enabled')
            over by_request as enabled_found,
        row_number() over (
            partition by dated.request_id
            order by accounts.status = 'enabled' desc, accounts.account_id
        ) = 1 as is_first_choice

    from dated

    left join accounts
        on
            dated.account_id = accounts.account_id
            or (
                dated.person_id = accounts.person_id
                and dated.source_name = accounts.source_name
                and accounts.account_type <> 'service'
            )

    window by_request as (partition by dated.request_id)

)

select
    *,
    accounts_found > 1 and enabled_found <> 1 as is_ambiguous,
    {{ grant_id('with_accounts') }} as grant_id
from with_accounts
