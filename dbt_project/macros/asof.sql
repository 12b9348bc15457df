{#- Create `<table>_asof(ts)`: the rows of the table at that moment. In a file
    that is attached under a name, run `use <name>` first, because DuckDB looks
    for the tables in the current database. -#}
{% macro create_asof(table) %}

create or replace macro {{ target.schema }}.{{ table }}_asof(ts) as table

with

versions as (

    select * from {{ this.include(database=false) }}
    where
        valid_from <= ts::timestamptz
        and (valid_to is null or valid_to > ts::timestamptz)

),

complete_runs as (

    select
        source_name,
        max(started_at) as last_seen_at
    from {{ target.schema }}.runs
    where status = 'complete' and started_at <= ts::timestamptz
    group by source_name

)

select
    {%- if table == 'grants' %}
    versions.* exclude (history_id, valid_from, valid_to, last_read_at),
    least(complete_runs.last_seen_at, versions.last_read_at) as last_seen_at
    {%- else %}
    versions.* exclude (history_id, valid_from, valid_to),
    complete_runs.last_seen_at
    {%- endif %}
from versions
left join complete_runs on versions.source_name = complete_runs.source_name

{% endmacro %}
