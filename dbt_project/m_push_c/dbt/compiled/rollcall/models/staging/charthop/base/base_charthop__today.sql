with

organization as (

    select from_json(payload, '{"timezone": "varchar"}') as charthop_org
    from "access"."raw_charthop"."organization"

),

-- An aggregate returns a row even where the organization is unknown
zone as (

    select coalesce(max(pg_timezone_names.name), 'UTC') as timezone

    from organization

    left join pg_timezone_names()
        on organization.charthop_org.timezone = pg_timezone_names.name

),

today as (

    select
        ((
        select max(least(data_as_of, started_at)) from main.runs
        where source_name = 'charthop' and status = 'complete'
    ) at time zone timezone)::date as today,
        timezone
    from zone

)

select * from today