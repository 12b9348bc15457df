with

nestings as (

    select * from "access"."staging"."base_pingone__nestings"

),

role_assignments as (

    select * from "access"."staging"."base_pingone__role_assignments"

),

implications as (

    select
        'pingone:group:' || child_id || ':member' as entitlement_id,
        'pingone:group:' || parent_id || ':member' as implied_entitlement_id,
        null::varchar as scope_type,
        null::varchar as scope_id,
        null::varchar as scope_name
    from nestings

    union

    select
        'pingone:group:' || principal_id || ':member' as entitlement_id,
        'pingone:role:' || role_id || ':assigned' as implied_entitlement_id,
        scope_type,
        'pingone:' || scope_type || ':' || scope_id as scope_id,
        scope_name
    from role_assignments
    where principal_type = 'group'

)

select * from implications