{#- SQL of a moment that a macro was asked about. It fails for one before the first
    sync that read any source completely: no row would look like no access. Write
    it into the filter of the table that is read, so that no optimizer skips it. -#}
{% macro known_moment(moment) -%}
    (
        select
            case
                when {{ moment }}::timestamptz < first_sync_at
                    then
                        error(
                            'nothing is known of ' || {{ moment }}::timestamptz
                            || ': the first complete sync was at '
                            || first_sync_at
                        )
                else {{ moment }}::timestamptz
            end
        from (
            select max(started_at) as first_sync_at
            from {{ target.schema }}.runs
            group by run_id
            having bool_or(status = 'complete')
            order by first_sync_at
            limit 1
        )
    )
{%- endmacro %}


{#- Create `<table>_asof(ts)`: the rows of the table at that moment. In a file
    that is attached under a name, run `use <name>` first, because DuckDB looks
    for the tables in the current database. -#}
{% macro create_asof(table) %}

create or replace macro {{ target.schema }}.{{ table }}_asof(ts) as table

with

versions as (

    select * from {{ this.include(database=false) }}
    where
        valid_from <= {{ known_moment('ts') }}
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
left join complete_runs on versions.source_name = complete_runs.source_name;

{{ comment_on_macro(
    table ~ '_asof',
    'The table `' ~ table ~ '` as it was at the moment `ts`. Fails for a moment
    before the first complete sync, of which nothing is known. A source that was
    first read later has no rows: `source_states_asof(ts)` lists those that were
    read by then.'
) }}

{% endmacro %}


{#- Create `source_states_asof(ts)`: the model's own query, of earlier runs -#}
{% macro create_source_states_asof() %}

{%- set runs = target.schema ~ '.runs where started_at <= ' ~ known_moment('ts') %}

create or replace macro {{ target.schema }}.source_states_asof(ts) as table

{{ model.compiled_code | replace(source('rollcall', 'runs') | string, runs) }};

{{ comment_on_macro(
    'source_states_asof',
    'The table `source_states` as it was at the moment `ts`: one row per source
    that a sync had read by then. Nothing is known of a source without a row, or
    without `last_complete_at`. Fails for a moment before the first complete
    sync.'
) }}

{% endmacro %}
