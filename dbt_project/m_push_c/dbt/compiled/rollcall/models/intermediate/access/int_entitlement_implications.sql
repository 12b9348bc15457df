
    select
        'charthop' as source_name,
        entitlement_id,
        implied_entitlement_id,
        scope_type,
        scope_id,
        scope_name
    from "access"."staging"."stg_charthop__implications"
    union all
    select
        source_name,
        entitlement_id,
        implied_entitlement_id,
        scope_type,
        scope_id,
        scope_name
    from "access"."staging"."stg_declared__implications"
    union all
    select
        'haloitsm' as source_name,
        entitlement_id,
        implied_entitlement_id,
        scope_type,
        scope_id,
        scope_name
    from "access"."staging"."stg_haloitsm__implications"
    union all
    select
        'okta' as source_name,
        entitlement_id,
        implied_entitlement_id,
        scope_type,
        scope_id,
        scope_name
    from "access"."staging"."stg_okta__implications"
    union all
    select
        'pingone' as source_name,
        entitlement_id,
        implied_entitlement_id,
        scope_type,
        scope_id,
        scope_name
    from "access"."staging"."stg_pingone__implications"
    

