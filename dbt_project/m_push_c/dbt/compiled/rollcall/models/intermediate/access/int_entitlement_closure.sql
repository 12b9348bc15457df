with recursive

entitlements as (

    select
        entitlement_id,
        coalesce(display_name, entitlement_id) as name
    from "access"."intermediate"."int_entitlements"

),

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

implications as (

    select * from "access"."intermediate"."int_entitlement_implications"

),

-- Nothing follows from an entitlement that does not exist
edges as (

    select
        implications.*,
        coalesce(implied.name, implications.implied_entitlement_id) as name

    from implications

    join entitlements
        on implications.entitlement_id = entitlements.entitlement_id

    left join entitlements as implied
        on implications.implied_entitlement_id = implied.entitlement_id

),

-- The closure is computed once per held entitlement, not once per holder
held as (

    select distinct grants.entitlement_id, entitlements.name

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    where
        grants.scope_id is null
        and grants.entitlement_id in (select entitlement_id from edges)

),

-- The search goes outwards step by step and visits no entitlement twice. So
-- circles end, and the first path that is found is a shortest one.
reached (
    held_entitlement_id, entitlement_id, scope_id, scope_type, scope_name,
    steps, access_path
) using key (held_entitlement_id, entitlement_id, scope_id) as (

    select
        entitlement_id,
        entitlement_id,
        '' as scope_id,
        null::varchar as scope_type,
        null::varchar as scope_name,
        0 as steps,
        name as access_path
    from held

    union

    select
        reached.held_entitlement_id,
        edges.implied_entitlement_id,
        coalesce(edges.scope_id, '') as scope_id,
        min(edges.scope_type) as scope_type,
        min(edges.scope_name) as scope_name,
        min(reached.steps) + 1 as steps,
        min(reached.access_path || ' > ' || edges.name) as access_path

    from reached

    join edges on reached.entitlement_id = edges.entitlement_id

    left join recurring.reached as known
        on
            reached.held_entitlement_id = known.held_entitlement_id
            and edges.implied_entitlement_id = known.entitlement_id
            and coalesce(edges.scope_id, '') = known.scope_id

    where
        reached.scope_id = ''
        and known.entitlement_id is null

    group by
        reached.held_entitlement_id,
        edges.implied_entitlement_id,
        coalesce(edges.scope_id, '')

)

select
    held_entitlement_id,
    entitlement_id,
    scope_type,
    nullif(scope_id, '') as scope_id,
    scope_name,
    steps,
    access_path
from reached
where steps > 0