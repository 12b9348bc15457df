with

groups as (

    select * from {{ ref('base_pingone__groups') }}

),

populations as (

    select * from {{ ref('base_pingone__populations') }}

),

roles as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "description": "varchar",
                "permissions": [{"id": "varchar"}]
            }'
        ) as pingone_role
    from {{ source('pingone', 'roles') }}

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

    -- A role counts as privileged unless all of its permissions only read
    select
        'role' as resource_type,
        'pingone:role:' || id as resource_id,
        {{ filled('pingone_role.name') }} as resource_name,
        'assigned' as slug,
        {{ filled('pingone_role.name') }} as display_name,
        {{ filled('pingone_role.description') }} as description,
        null as parent_resource_id,
        coalesce(
            list_bool_or([
                coalesce(not contains(permission.id, ':read:'), true)
                for permission in pingone_role.permissions
            ]),
            true
        ) as is_privileged,
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
