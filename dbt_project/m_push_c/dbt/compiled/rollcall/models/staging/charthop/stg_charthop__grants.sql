with

persons as (

    select * from "access"."staging"."base_charthop__persons"

),

person_groups as (

    select
        id,
        from_json(payload, '{"groupIds": ["varchar"]}')."groupIds" as group_ids
    from "access"."raw_charthop"."person_groups"

),

jobs as (

    select
        from_json(
            payload,
            '{
                "personId": "varchar",
                "personStartDate": "date",
                "personEndDate": "date",
                "groupIds": ["varchar"]
            }'
        ) as job
    from "access"."raw_charthop"."jobs"

),

grant_dates as (

    select * from "access"."staging"."base_charthop__grant_dates"

),

today as (

    select * from "access"."staging"."base_charthop__today"

),

-- Membership belongs to the job. An open seat or a future hire holds nothing.
held_jobs as (

    select
        nullif(trim(job."personId", '	
                  　'), '') as id,
        job."groupIds" as group_ids

    from jobs

    cross join today

    where
        nullif(trim(job."personId", '	
                  　'), '') is not null
        and coalesce(job."personStartDate" <= today, true)
        and coalesce(job."personEndDate" >= today, true)

),

memberships as (

    select id, unnest(group_ids) as group_id from persons

    union

    select id, unnest(group_ids) as group_id from person_groups

    union

    select id, unnest(group_ids) as group_id from held_jobs

),

grants as (

    select

        ---------- ids
        'charthop:person:' || memberships.id as account_id,
        'charthop:group:' || memberships.group_id || ':member'
            as entitlement_id,
        null::varchar as inherited_through,
        null::varchar as scope_id,
        null::varchar as source_grant_id,

        ---------- strings
        null::varchar as scope_type,
        null::varchar as scope_name,
        grant_dates.granted_by,

        ---------- booleans
        false as is_inherited,
        null::boolean as is_read_only,

        ---------- timestamps
        null::timestamptz as last_read_at,
        grant_dates.granted_at

    from memberships

    left join grant_dates
        on
            memberships.id = grant_dates.person_id
            and memberships.group_id = grant_dates.group_id

    where nullif(trim(memberships.group_id, '	
                  　'), '') is not null

)

select * from grants