with

live_accounts as (

    select * from "access"."intermediate"."int_live_accounts"
    where employment_status = 'future'

),

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

held as (

    select
        grants.account_id,
        list_sort(list(distinct entitlements.display_name)) as names,
        list_sort(list(grants.grant_id)) as grant_ids

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    group by grants.account_id

)

select
    live_accounts.account_id as subject,
    live_accounts.account_id,
    held.grant_ids,
    case when live_accounts.privileges is null then 'medium' else 'high' end
        as severity,
    concat(
        'starts on ',
        live_accounts.started_on,
        '; the account is ',
        live_accounts.status,
        '; it already holds ',
        coalesce(array_to_string(held.names, ', '), 'nothing'),
        live_accounts.privileges_clause
    ) as evidence

from live_accounts

left join held on live_accounts.account_id = held.account_id

-- The HR record of somebody who has not started yet gives no access by itself
where held.account_id is not null or live_accounts.match_rule <> 'hr_record'