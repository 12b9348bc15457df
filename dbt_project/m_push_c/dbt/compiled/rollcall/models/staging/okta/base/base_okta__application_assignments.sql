with

-- Parsed as a whole: an unnested list would have its payload read once more for
-- each of its rows. `lastReadAt` is only in rows that the last sync did not ask
-- for.
parsed_users as (

    select
        id as application_id,
        from_json(
            payload,
            '{
                "lastReadAt": "timestamptz",
                "users": [{"id": "varchar", "scope": "varchar"}]
            }'
        ) as assigned
    from "access"."raw_okta"."application_users"

),

application_users as (

    select
        application_id,
        assigned."lastReadAt" as last_read_at,
        unnest(assigned.users) as assignment
    from parsed_users

),

parsed_groups as (

    select
        id as application_id,
        from_json(
            payload, '{"lastReadAt": "timestamptz", "groups": ["varchar"]}'
        ) as assigned
    from "access"."raw_okta"."application_groups"

),

application_groups as (

    select
        application_id,
        assigned."lastReadAt" as last_read_at,
        unnest(assigned.groups) as group_id
    from parsed_groups

),

memberships as (

    select * from "access"."staging"."base_okta__memberships"

),

users as (

    select * from "access"."staging"."base_okta__users"

),

assignments as (

    select
        application_id,
        assignment.id as user_id,
        null::varchar as group_id,
        coalesce(upper(assignment.scope) = 'GROUP', false) as is_inherited,
        last_read_at
    from application_users
    where assignment.id is not null

    union all

    select
        application_groups.application_id,
        memberships.user_id,
        application_groups.group_id,
        true as is_inherited,
        application_groups.last_read_at

    from application_groups

    join memberships on application_groups.group_id = memberships.group_id

)

-- A deactivated user stays in groups, but Okta takes the applications
select assignments.*

from assignments

left join users on assignments.user_id = users.id

where not coalesce(users.is_deprovisioned, false)