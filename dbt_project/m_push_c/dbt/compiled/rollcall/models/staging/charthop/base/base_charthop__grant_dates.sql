with

events as (

    select from_json(
        payload,
        '{
            "entityType": "varchar",
            "entityId": "varchar",
            "userId": "varchar",
            "at": "timestamptz"
        }'
    ) as event
    from "access"."raw_charthop"."events"

),

changes as (

    select
        id,
        from_json(
            payload,
            '{
                "personId": "varchar",
                "date": "date",
                "status": "varchar",
                "update": {
                    "addGroupIds": ["varchar"], "removeGroupIds": ["varchar"]
                }
            }'
        ) as change
    from "access"."raw_charthop"."changes"

),

today as (

    select * from "access"."staging"."base_charthop__today"

),

-- The first event of a change: who wrote it, and when
written as (

    select
        event."entityId" as change_id,
        min(event.at) as written_at,
        arg_min_null(event."userId", event.at) as written_by
    from events
    where event."entityType" = 'CHANGE'
    group by change_id

),

-- A change takes effect on its date, or when it was written if that is later
in_force as (

    select
        changes.change,
        written.written_by,
        greatest(
            written.written_at,
            changes.change.date::timestamp at time zone today.timezone
        ) as happened_at

    from changes

    join written on changes.id = written.change_id

    cross join today

    where
        changes.change.status = 'ACTIVE'
        and coalesce(changes.change.date, today.today) <= today.today
        and nullif(trim(changes.change."personId", '	
                  　'), '') is not null

),

steps as (

    select
        change."personId" as person_id,
        unnest(change.update."removeGroupIds") as group_id,
        false as is_granted,
        happened_at,
        written_by
    from in_force

    union all

    select
        change."personId" as person_id,
        unnest(change.update."addGroupIds") as group_id,
        true as is_granted,
        happened_at,
        written_by
    from in_force

),

-- A grant has a date only while the last change gave it
grant_dates as (

    select
        person_id,
        group_id,
        max(happened_at) as granted_at,
        -- Not max_by, which skips a last change without an author
        'charthop:user:' || arg_max_null(written_by, happened_at) as granted_by
    from steps
    group by person_id, group_id
    having max_by(is_granted, happened_at)

)

select * from grant_dates