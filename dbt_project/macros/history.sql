{#- The versions a sync adds to a history: open ones to close, new ones to open.

    A change of `details` alone makes no version: they are kept as they stood
    when one began. A row that comes back after it was gone starts a new spell:
    `first_seen_at` is when the present one began. -#}
{% macro history(current, key, columns, details=[], where='true') %}

{%- set facts = columns | reject('in', details) | list %}

with

current_rows as (

    select * from {{ current }} where {{ where }}

),

{% if is_incremental() %}

open_versions as (

    select * from {{ this }} where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, {{ run_at() }}
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.{{ key }} = open_versions.{{ key }}

    where
        open_versions.{{ key }} is null
        or row(
            {%- for fact in facts %}
            current_rows.{{ fact }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) is distinct from row(
            {%- for fact in facts %}
            open_versions.{{ fact }}{{ ',' if not loop.last }}
            {%- endfor %}
        )

),

to_close as (

    select open_versions.* replace ({{ run_at() }} as valid_to)

    from open_versions

    left join current_rows on open_versions.{{ key }} = current_rows.{{ key }}

    left join to_open on open_versions.{{ key }} = to_open.{{ key }}

    where
        current_rows.{{ key }} is null
        -- A version that began in this very sync is replaced, not closed
        or (
            to_open.{{ key }} is not null
            and open_versions.valid_from < {{ run_at() }}
        )

),

{% else %}

to_open as (

    select
        *,
        {{ run_at() }} as first_seen_at
    from current_rows

),

{% endif %}

opened as (

    select
        {{ key }} || '@' || epoch_us({{ run_at() }}) as history_id,
        {{ key }},
        {{ columns | join(',\n        ') }},
        first_seen_at,
        {{ run_at() }} as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
{%- if is_incremental() %}
union all by name
select * from to_close
{%- endif %}

{% endmacro %}


{#- `<table>_asof(ts)`: the table as it was. To call it in a file attached under
    a name, `use <name>` first: DuckDB looks for its tables where you are. -#}
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
    versions.* exclude (history_id, valid_from, valid_to),
    complete_runs.last_seen_at
from versions
left join complete_runs on versions.source_name = complete_runs.source_name

{% endmacro %}


{#- `grants_between(a, b)`: what was granted, changed or removed after a, up to
    and including b. -#}
{% macro create_grants_between() %}

create or replace macro {{ target.schema }}.grants_between(a, b) as table

with

versions as (

    select
        *,
        lead(valid_from) over (
            partition by grant_id order by valid_from
        ) as next_valid_from
    from {{ this.include(database=false) }}

),

events as (

    select
        valid_from as happened_at,
        case
            when first_seen_at = valid_from then 'granted' else 'changed'
        end as event,
        *
    from versions

    union all

    select
        valid_to as happened_at,
        'removed' as event,
        *
    from versions
    where valid_to is not null and valid_to is distinct from next_valid_from

)

select * exclude (history_id, valid_from, valid_to, next_valid_from)
from events
where happened_at > a::timestamptz and happened_at <= b::timestamptz
order by happened_at, grant_id

{% endmacro %}
