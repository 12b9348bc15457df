with

groups as (

    select * from {{ ref('base_okta__groups') }}

),

roles as (

    select * from {{ ref('base_okta__roles') }}

),

applications as (

    select * from {{ ref('base_okta__applications') }}

),

role_assignments as (

    select * from {{ ref('base_okta__role_assignments') }}

),

privileged_groups as (

    select distinct role_assignments.principal_id as id

    from role_assignments

    join roles on role_assignments.role_id = roles.id

    where role_assignments.principal_type = 'group' and roles.is_privileged

),

entitlements as (

    select
        'group' as resource_type,
        'okta:group:' || groups.id as resource_id,
        groups.name as resource_name,
        'member' as slug,
        groups.description,
        case when privileged_groups.id is not null then true end
            as is_privileged,
        groups.is_rule_managed,
        case
            when groups.is_external then 'external'
            when groups.is_everyone then 'mandatory'
            when groups.is_rule_managed then 'rule_managed'
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

    left join privileged_groups on groups.id = privileged_groups.id

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
        'ticket' as change_channel
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
