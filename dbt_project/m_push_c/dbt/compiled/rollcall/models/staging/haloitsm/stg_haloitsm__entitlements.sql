with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "inactive": "boolean",
                "department_id": "varchar"
            }'
        ) as team
    from "access"."raw_haloitsm"."teams"

),

roles as (

    select * from "access"."staging"."base_haloitsm__roles"

),

teams as (

    select
        'haloitsm:team:' || id as resource_id,
        nullif(trim(team.name, '	
                  　'), '') as resource_name,
        case when team.inactive then 'Inactive team' end as description,
        'haloitsm:department:' || nullif(
            nullif(trim(team.department_id, '	
                  　'), ''), '0'
        ) as parent_resource_id
    from source

),

entitlements as (

    select
        'team' as resource_type,
        resource_id,
        resource_name,
        'member' as slug,
        resource_name as display_name,
        description,
        parent_resource_id,
        null::boolean as is_privileged
    from teams

    union all

    select
        'team' as resource_type,
        resource_id,
        resource_name,
        'manager' as slug,
        resource_name || ' (manager)' as display_name,
        description,
        parent_resource_id,
        null as is_privileged
    from teams

    union all

    select
        'role' as resource_type,
        'haloitsm:role:' || id as resource_id,
        name as resource_name,
        'assigned' as slug,
        name as display_name,
        notes as description,
        null as parent_resource_id,
        case
            when regexp_matches(name, '(?i)\badmin') then true
        end as is_privileged
    from roles

)

select
    resource_id || ':' || slug as entitlement_id,
    *,
    false as is_rule_managed,
    'ticket' as change_channel,
    null::varchar as unchangeable_because
from entitlements