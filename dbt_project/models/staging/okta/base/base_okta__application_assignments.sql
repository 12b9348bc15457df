with

application_users as (

    select
        id as application_id,
        -- Only in rows of applications that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        unnest(
            from_json(
                payload, '{"users": [{"id": "varchar", "scope": "varchar"}]}'
            ).users
        ) as assignment
    from {{ source('okta', 'application_users') }}

),

application_groups as (

    select
        id as application_id,
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        unnest(from_json(payload->'groups', '["varchar"]')) as group_id
    from {{ source('okta', 'application_groups') }}

),

memberships as (

    select * from {{ ref('base_okta__memberships') }}

),

users as (

    select * from {{ ref('base_okta__users') }}

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
