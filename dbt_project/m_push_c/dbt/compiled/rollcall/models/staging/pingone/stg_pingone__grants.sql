with

users as (

    select * from "access"."staging"."base_pingone__users"

),

memberships as (

    select * from "access"."staging"."base_pingone__memberships"

),

role_assignments as (

    select * from "access"."staging"."base_pingone__role_assignments"

),

grant_dates as (

    select * from "access"."staging"."base_pingone__grant_dates"

),

grants as (

    select
        user_id || '/memberOfGroups/' || group_id as grant_key,
        'pingone:user:' || user_id as account_id,
        'pingone:group:' || group_id || ':member' as entitlement_id,
        null::varchar as scope_type,
        null::varchar as scope_id,
        null::varchar as scope_name,
        null::varchar as source_grant_id,
        not is_direct as is_inherited,
        null::boolean as is_read_only,
        null::timestamptz as last_read_at
    from memberships

    union all

    select
        null as grant_key,
        'pingone:user:' || id as account_id,
        'pingone:population:' || population_id || ':member' as entitlement_id,
        null as scope_type,
        null as scope_id,
        null as scope_name,
        null as source_grant_id,
        false as is_inherited,
        null as is_read_only,
        null as last_read_at
    from users
    where population_id is not null

    union all

    select
        assignment_id as grant_key,
        'pingone:' || principal_type || ':' || principal_id as account_id,
        'pingone:role:' || role_id || ':assigned' as entitlement_id,
        scope_type,
        'pingone:' || scope_type || ':' || scope_id as scope_id,
        scope_name,
        assignment_id as source_grant_id,
        is_inherited,
        is_read_only,
        last_read_at
    from role_assignments
    where principal_type <> 'group'

)

select
    grants.* exclude (grant_key),
    null::varchar as inherited_through,
    grant_dates.granted_at,
    grant_dates.granted_by

from grants

left join grant_dates on grants.grant_key = grant_dates.grant_key