with

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"
    where is_privileged

),

accounts as (

    select * from "access"."main"."accounts"
    where status <> 'disabled'

)

select
    grants.entitlement_id as subject,
    min(grants.account_id) as account_id,
    grants.entitlement_id,
    case when count(*) = 1 then min(grants.scope_id) end as scope_id,
    list_sort(list(grants.grant_id)) as grant_ids,
    'low' as severity,
    concat(
        'only this account holds ',
        coalesce(entitlements.display_name, grants.entitlement_id),
        ' and is not disabled'
    ) as evidence

from grants

join entitlements on grants.entitlement_id = entitlements.entitlement_id

join accounts on grants.account_id = accounts.account_id

group by grants.entitlement_id, entitlements.display_name
having count(distinct grants.account_id) = 1