with

grants as ({{ union_sources('grants') }}),

entitlements as (

    select
        entitlement_id,
        coalesce(display_name, entitlement_id) as name
    from {{ ref('int_entitlements') }}

),

direct as (

    select distinct account_id, entitlement_id from grants
    where not is_inherited and scope_id is null

),

stated as (

    select distinct
        grants.source_name,
        grants.account_id,
        grants.inherited_through as held_entitlement_id,
        grants.entitlement_id,
        grants.scope_type,
        grants.scope_id,
        grants.scope_name,
        1 as steps,
        held.name || ' > ' || coalesce(reached.name, grants.entitlement_id)
            as access_path

    from grants

    join direct
        on
            grants.account_id = direct.account_id
            and grants.inherited_through = direct.entitlement_id

    join entitlements as held
        on grants.inherited_through = held.entitlement_id

    left join entitlements as reached
        on grants.entitlement_id = reached.entitlement_id

    where grants.is_inherited

)

select * from stated
