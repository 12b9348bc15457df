with

runs as (

    select * from {{ source('rollcall', 'runs') }}
    where status in ('complete', 'gone')

),

run_resources as (

    select * from {{ source('rollcall', 'run_resources') }}

),

raw_counts as (

    select * from {{ ref('int_raw_counts') }}

),

-- The marts show the data of the last complete run, and nothing of a system that
-- is no longer read
last_runs as (

    select source_name, run_id, status from runs
    qualify
        row_number() over (
            partition by source_name order by started_at desc, run_id desc
        ) = 1

)

select
    last_runs.source_name,
    any_value(last_runs.run_id) as run_id,
    sum(run_resources.reported_total)::bigint as rows_reported,
    sum(run_resources.rows_read)
        filter (run_resources.reported_total is not null)::bigint
        as rows_read_where_reported,
    sum(run_resources.rows_read)::bigint as rows_read,
    sum(run_resources.rows_loaded - run_resources.rows_read)::bigint
        as rows_kept,
    sum(run_resources.rows_loaded)::bigint as rows_loaded,
    sum(coalesce(raw_counts.raw_rows, run_resources.rows_loaded))::bigint
        as rows_in_raw

from last_runs

left join run_resources
    on
        last_runs.run_id = run_resources.run_id
        and last_runs.source_name = run_resources.source_name

left join raw_counts
    on
        run_resources.source_name = raw_counts.source_name
        and run_resources.resource = raw_counts.resource

where last_runs.status = 'complete'

group by last_runs.source_name
