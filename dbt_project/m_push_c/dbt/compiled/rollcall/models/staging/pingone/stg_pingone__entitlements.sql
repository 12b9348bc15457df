with

groups as (

    select * from "access"."staging"."base_pingone__groups"

),

populations as (

    select * from "access"."staging"."base_pingone__populations"

),

parsed_roles as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "description": "varchar",
                "type": "varchar",
                "environment": {"id": "varchar"},
                "permissions": [{"id": "varchar"}]
            }'
        ) as pingone_role
    from "access"."raw_pingone"."roles"

),

roles as (

    select
        id,
        pingone_role,
        list_bool_or([
            not contains(permission.id, ':read:')
            for permission in pingone_role.permissions
        ]) as has_write_permission,
        -- The list may name permissions without ids
        len(pingone_role.permissions) > 0 and list_bool_and([
            permission.id is not null
            for permission in pingone_role.permissions
        ]) as is_fully_listed,
        upper(pingone_role.type) is distinct from 'CUSTOM'
        and pingone_role.environment.id is null as is_built_in
    from parsed_roles

),

entitlements as (

    select
        'group' as resource_type,
        'pingone:group:' || id as resource_id,
        name as resource_name,
        'member' as slug,
        coalesce(display_name, name) as display_name,
        description,
        'pingone:population:' || population_id as parent_resource_id,
        null::boolean as is_privileged,
        is_rule_managed,
        case
            when is_external then 'external'
            when is_rule_managed then 'rule_managed'
        end as unchangeable_because
    from groups

    union all

    select
        'population' as resource_type,
        'pingone:population:' || id as resource_id,
        name as resource_name,
        'member' as slug,
        name as display_name,
        description,
        null as parent_resource_id,
        false as is_privileged,
        false as is_rule_managed,
        'mandatory' as unchangeable_because
    from populations

    union all

    -- Its permissions tell whether a role is privileged. If the permissions have
    -- no ids, PingOne's own names of built-in roles tell.
    select
        'role' as resource_type,
        'pingone:role:' || id as resource_id,
        nullif(trim(pingone_role.name, '	
                  　'), '') as resource_name,
        'assigned' as slug,
        nullif(trim(pingone_role.name, '	
                  　'), '') as display_name,
        nullif(trim(pingone_role.description, '	
                  　'), '') as description,
        null as parent_resource_id,
        case
            when has_write_permission then true
            when is_fully_listed then false
            when not is_built_in then null
            when regexp_matches(pingone_role.name, '(?i)\b(read.only|auditor)$')
                then false
            when
                regexp_matches(
                    pingone_role.name, '(?i)\b(admin|owner$|developer$)'
                )
                then true
        end as is_privileged,
        false as is_rule_managed,
        null as unchangeable_because
    from roles

)

select
    resource_id || ':' || slug as entitlement_id,
    *,
    case
        when unchangeable_because is null then 'api' else 'none'
    end as change_channel
from entitlements