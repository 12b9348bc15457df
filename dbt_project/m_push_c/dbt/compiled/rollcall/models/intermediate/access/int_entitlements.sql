
    select
        'charthop' as source_name,
        entitlement_id,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        change_channel,
        unchangeable_because
    from "access"."staging"."stg_charthop__entitlements"
    union all
    select
        source_name,
        entitlement_id,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        change_channel,
        unchangeable_because
    from "access"."staging"."stg_declared__entitlements"
    union all
    select
        'haloitsm' as source_name,
        entitlement_id,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        change_channel,
        unchangeable_because
    from "access"."staging"."stg_haloitsm__entitlements"
    union all
    select
        'okta' as source_name,
        entitlement_id,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        change_channel,
        unchangeable_because
    from "access"."staging"."stg_okta__entitlements"
    union all
    select
        'pingone' as source_name,
        entitlement_id,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        change_channel,
        unchangeable_because
    from "access"."staging"."stg_pingone__entitlements"
    

