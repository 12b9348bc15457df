


with

groups as (

    select * from "access"."staging"."base_okta__groups"

),

roles as (

    select * from "access"."staging"."base_okta__roles"

),

applications as (

    select * from "access"."staging"."base_okta__applications"

),

role_assignments as (

    select * from "access"."staging"."base_okta__role_assignments"

),

groups_with_roles as (

    select
        role_assignments.principal_id as id,
        bool_or(roles.is_privileged) as is_privileged

    from role_assignments

    left join roles on role_assignments.role_id = roles.id

    where role_assignments.principal_type = 'group'
    group by role_assignments.principal_id

),

entitlements as (

    select
        'group' as resource_type,
        'okta:group:' || groups.id as resource_id,
        groups.name as resource_name,
        'member' as slug,
        groups.description,
        case when groups_with_roles.is_privileged then true end
            as is_privileged,
        groups.is_rule_managed,
        case
            when groups.is_external then 'external'
            when groups.is_everyone then 'mandatory'
            when
                groups.is_rule_managed
                and (groups.is_rule_full or not False)
                then 'rule_managed'
            when groups.gives_admin_role or groups_with_roles.id is not null
                then 'gives_admin_role'
        end as unchangeable_because,
        -- The API changes members of groups of one type only
        case
            when
                groups.group_type = 'OKTA_GROUP'
                and unchangeable_because is null
                then 'api'
            else 'none'
        end as change_channel

    from groups

    left join groups_with_roles on groups.id = groups_with_roles.id

    union all

    select
        'role' as resource_type,
        'okta:role:' || id as resource_id,
        name as resource_name,
        'assigned' as slug,
        description,
        is_privileged,
        false as is_rule_managed,
        null as unchangeable_because,
        'api' as change_channel
    from roles

    union all

    select
        'application' as resource_type,
        'okta:application:' || id as resource_id,
        name as resource_name,
        'assigned' as slug,
        null as description,
        null as is_privileged,
        false as is_rule_managed,
        null as unchangeable_because,
        -- To take an application away may delete the account inside it
        'ticket'
            as change_channel
    from applications
    -- A service signs in by itself: nobody can be assigned to it
    where not is_service

)

select
    resource_id || ':' || slug as entitlement_id,
    *,
    resource_name as display_name,
    null::varchar as parent_resource_id
from entitlements