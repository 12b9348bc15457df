with

runs as (

    select * from "access"."main"."runs"

),

source_states as (

    select
        source_name,
        max(started_at) filter (status = 'complete') as last_complete_at,
        max_by(least(data_as_of, started_at), (started_at, run_id))
            filter (status = 'complete') as data_as_of,
        max(started_at) as last_run_at,
        max_by(status, (started_at, run_id)) as last_status,
        last_status <> 'complete' as is_stale,
        max_by(run_id, (started_at, run_id)) as last_run_id,
        max_by(run_id, (started_at, run_id)) filter (status = 'complete')
            as last_complete_run_id
    from runs
    group by source_name

)

-- A system that is no longer read has no state
select * from source_states
where last_status <> 'gone'