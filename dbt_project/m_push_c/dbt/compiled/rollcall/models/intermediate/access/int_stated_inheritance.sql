with

grants as (
    select
        'charthop' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_charthop__grants"
    union all
    select
        source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_declared__grants"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_haloitsm__grants"
    union all
    select
        'okta' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_okta__grants"
    union all
    select
        'pingone' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_pingone__grants"
    

),

entitlements as (

    select
        entitlement_id,
        coalesce(display_name, entitlement_id) as name
    from "access"."intermediate"."int_entitlements"

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