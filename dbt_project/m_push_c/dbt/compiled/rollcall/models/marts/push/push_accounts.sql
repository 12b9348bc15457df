with

push_accounts as (

    select * from "access"."intermediate"."int_push_accounts"

),

-- What a deactivated account still holds comes back with it
held_access as (

    select
        push_accounts.account_id,
        list(distinct grants.entitlement_id order by grants.entitlement_id)
            as entitlement_ids

    from push_accounts

    join "access"."main"."grants" as grants
        on push_accounts.account_id = grants.account_id

    where push_accounts.state = 'to_reactivate'
    group by push_accounts.account_id

)

select
    push_accounts.target,
    push_accounts.person_id,
    push_accounts.account_id,
    push_accounts.match_rule,
    push_accounts.state,
    push_accounts.why,
    held_access.entitlement_ids as returns

from push_accounts

left join held_access on push_accounts.account_id = held_access.account_id