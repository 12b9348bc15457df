with

memberships as (

    select * from "access"."staging"."base_okta__memberships"

),

application_assignments as (

    select * from "access"."staging"."base_okta__application_assignments"

),

role_assignments as (

    select * from "access"."staging"."base_okta__role_assignments"

),

grant_dates as (

    select * from "access"."staging"."base_okta__grant_dates"

),

grants as (

    select
        'okta:user:' || memberships.user_id as account_id,
        'okta:group:' || memberships.group_id || ':member' as entitlement_id,
        null::varchar as inherited_through,
        null::varchar as scope_type,
        null::varchar as scope_id,
        null::varchar as scope_name,
        null::varchar as source_grant_id,
        false as is_inherited,
        grant_dates.granted_at,
        grant_dates.granted_by,
        null::timestamptz as last_read_at

    from memberships

    left join grant_dates
        on
            memberships.user_id = grant_dates.user_id
            and memberships.group_id = grant_dates.group_id

    union all

    select
        'okta:user:' || user_id as account_id,
        'okta:application:' || application_id || ':assigned' as entitlement_id,
        'okta:group:' || group_id || ':member' as inherited_through,
        null as scope_type,
        null as scope_id,
        null as scope_name,
        null as source_grant_id,
        is_inherited,
        null as granted_at,
        null as granted_by,
        last_read_at
    from application_assignments

    union all

    select
        'okta:' || principal_type || ':' || principal_id as account_id,
        'okta:role:' || role_id || ':assigned' as entitlement_id,
        null as inherited_through,
        scope_type,
        scope_id,
        scope_name,
        assignment_id as source_grant_id,
        is_inherited,
        null as granted_at,
        null as granted_by,
        last_read_at
    from role_assignments
    where principal_type <> 'group'

    union all

    -- Roles of groups that the last sync did not read. An implication could not
    -- say when they were read.
    select
        'okta:user:' || memberships.user_id as account_id,
        'okta:role:' || role_assignments.role_id || ':assigned'
            as entitlement_id,
        'okta:group:' || memberships.group_id || ':member'
            as inherited_through,
        role_assignments.scope_type,
        role_assignments.scope_id,
        role_assignments.scope_name,
        null as source_grant_id,
        true as is_inherited,
        null as granted_at,
        null as granted_by,
        role_assignments.last_read_at

    from role_assignments

    join memberships on role_assignments.principal_id = memberships.group_id

    where
        role_assignments.principal_type = 'group'
        and role_assignments.last_read_at is not null

)

select
    *,
    null::boolean as is_read_only
from grants