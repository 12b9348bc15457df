with

-- All wanted changes that take access away
intended as (

    select * from "access"."intermediate"."int_wanted_change_states"
    where
        not is_met
        and blocked_because is null
        and action in ('revoke', 'disable_account', 'delete_account')

),

accounts as (

    select * from "access"."main"."accounts"
    where status = 'enabled'

),

privileged as (

    select * from "access"."main"."entitlements"
    where is_privileged

),

grants as (

    select * from "access"."main"."grants"

),

intended_by_account as (

    select
        account_id,
        bool_or(action <> 'revoke') as goes_whole,
        list(grant_id) filter (action = 'revoke') as grant_ids,
        list(entitlement_id) filter (action = 'revoke') as entitlement_ids
    from intended
    group by account_id

),

-- A grant is lost with its account, or with all ways by which it is held
holders as (

    select
        grants.*,
        privileged.display_name,
        coalesce(
            intended_by_account.goes_whole
            or (
                (
                    not grants.is_direct
                    or list_contains(
                        intended_by_account.grant_ids, grants.grant_id
                    )
                )
                and (
                    not grants.is_inherited
                    or (
                        len(grants.inherited_from) > 0
                        and list_has_all(
                            intended_by_account.entitlement_ids,
                            grants.inherited_from
                        )
                    )
                )
            ),
            false
        ) as is_lost

    from grants

    join privileged on grants.entitlement_id = privileged.entitlement_id

    join accounts on grants.account_id = accounts.account_id

    left join intended_by_account
        on grants.account_id = intended_by_account.account_id

),

without_holder as (

    select * from holders
    qualify bool_and(is_lost) over (partition by entitlement_id, scope_id)

)

select
    intended.wanted_change_id,
    min(coalesce(without_holder.display_name, without_holder.entitlement_id))
        as entitlement_name

from intended

join without_holder
    on
        intended.account_id = without_holder.account_id
        and (
            intended.action <> 'revoke'
            or intended.grant_id = without_holder.grant_id
            or list_contains(
                without_holder.inherited_from, intended.entitlement_id
            )
        )

group by intended.wanted_change_id