with

events as (

    select from_json(
        payload,
        '{
            "published": "timestamptz",
            "eventType": "varchar",
            "outcome": {"result": "varchar"},
            "actor": {"id": "varchar", "type": "varchar"},
            "target": [{"id": "varchar", "type": "varchar"}]
        }'
    ) as log_event
    from "access"."raw_okta"."log_events"

),

-- Targets are known by their type: their order is not documented
changes as (

    select
        log_event.published as happened_at,
        log_event."eventType" = 'group.user_membership.add' as is_granted,
        'okta:' || case log_event.actor.type
            when 'User' then 'user'
            when 'PublicClientApp' then 'client'
        end || ':' || log_event.actor.id as granted_by,
        list_filter(
            log_event.target, lambda one: one.type = 'User'
        )[1].id as user_id,
        list_filter(
            log_event.target, lambda one: one.type = 'UserGroup'
        )[1].id as group_id
    from events
    where
        log_event."eventType" in (
            'group.user_membership.add', 'group.user_membership.remove'
        )
        and log_event.outcome.result = 'SUCCESS'

),

-- A membership has a date only while the last event gave it
grant_dates as (

    select
        user_id,
        group_id,
        max(happened_at) as granted_at,
        -- Not max_by, which skips a last event without an author
        arg_max_null(granted_by, happened_at) as granted_by
    from changes
    where user_id is not null and group_id is not null
    group by user_id, group_id
    having max_by(is_granted, happened_at)

)

select * from grant_dates