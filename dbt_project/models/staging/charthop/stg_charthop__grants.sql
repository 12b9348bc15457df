with

persons as (

    select * from {{ ref('stg_charthop__persons') }}

),

person_groups as (

    select
        id,
        from_json(payload, '{"groupIds": ["varchar"]}')."groupIds" as group_ids
    from {{ source('charthop', 'person_groups') }}

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
    from {{ source('charthop', 'jobs') }}

),

today as (

    select * from {{ ref('stg_charthop__today') }}

),

-- Membership belongs to the job; an open seat or a coming hire holds nothing
held_jobs as (

    select
        {{ filled('job."personId"') }} as id,
        job."groupIds" as group_ids

    from jobs

    cross join today

    where
        {{ filled('job."personId"') }} is not null
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
        'charthop:person:' || id as account_id,
        'charthop:group:' || group_id || ':member' as entitlement_id,
        null::varchar as scope_id,
        null::varchar as source_grant_id,

        ---------- strings
        null::varchar as scope_type,
        null::varchar as scope_name,

        ---------- booleans
        false as is_inherited,
        null::boolean as is_read_only,

        ---------- timestamps
        null::timestamptz as granted_at,
        null::varchar as granted_by

    from memberships
    where {{ filled('group_id') }} is not null

)

select * from grants
