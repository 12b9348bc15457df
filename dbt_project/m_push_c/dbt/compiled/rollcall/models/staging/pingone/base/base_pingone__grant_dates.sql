with

activities as (

    select from_json(
        payload,
        '{
            "recordedAt": "timestamptz",
            "action": {"type": "varchar"},
            "actors": {"user": {"id": "varchar"}, "client": {"id": "varchar"}},
            "resources": [{"href": "varchar"}],
            "result": {"status": "varchar"}
        }'
    ) as activity
    from "access"."raw_pingone"."activities"

),

events as (

    select
        activity."recordedAt" as happened_at,
        activity.action.type like '%.CREATED' as is_granted,
        coalesce(
            'pingone:user:' || activity.actors.user.id,
            'pingone:application:' || activity.actors.client.id
        ) as granted_by,
        unnest(activity.resources).href as href
    from activities
    where coalesce(activity.result.status, 'SUCCESS') = 'SUCCESS'

),

-- A grant is identified by user and group, or by the id of the assignment
keyed as (

    select
        *,
        nullif(
            regexp_extract(
                href, '/users/([^/?]+/memberOfGroups/[^/?]+)', 1
            ), ''
        ) as membership_key,
        nullif(
            regexp_extract(href, '/roleAssignments/([^/?]+)', 1), ''
        ) as assignment_key
    from events

),

-- A grant has a date only while the last event gave it
grant_dates as (

    select
        coalesce(membership_key, assignment_key) as grant_key,
        max(happened_at) as granted_at,
        -- Not max_by, which skips a last event without an author
        arg_max_null(granted_by, happened_at) as granted_by
    from keyed
    where coalesce(membership_key, assignment_key) is not null
    group by grant_key
    having max_by(is_granted, happened_at)

)

select * from grant_dates