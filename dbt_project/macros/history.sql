{#- The versions that a sync adds to a history: the new ones, and the open ones
    that it closes. `current` is a relation, or a query in parentheses.

    A change of `details` alone starts no version, so a version keeps those that
    it began with. The column `kept_current` is one of them, and is kept as it is
    now in the open version. So are columns that a history of an older version
    lacks, in the build that adds them. A row that comes back after it was gone
    starts a new spell, and `first_seen_at` is the beginning of the current
    spell. -#}
{% macro history(current, key, columns, details=[], kept_current=none) %}

{#- In a unit test `this` is a text -#}
{%- set is_known = is_incremental() and this is not string %}
{%- set known = columns if not is_known else (
    adapter.get_columns_in_relation(this) | map(attribute='name') | list
) %}
{%- set added = columns | reject('in', known) | list %}
{%- set facts = columns | reject('in', details + added) | list %}
{%- set kept = [kept_current] | select('in', known) | list if is_known else [] %}
{%- set refreshed = added + kept %}

with

-- DuckDB would keep what is read more than once in memory: here, all rows twice
current_rows as not materialized (

    select * from {{ current }}

),

{% if is_incremental() %}

open_versions as not materialized (

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
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.{{ key }} is not null
            and open_versions.valid_from < {{ run_at() }}
        )

),

{%- if refreshed %}

refreshed as (

    select
        open_versions.*{% if kept %} exclude ({{ kept_current }}){% endif %},
        current_rows.{{ refreshed | join(',\n        current_rows.') }}

    from open_versions

    join current_rows on open_versions.{{ key }} = current_rows.{{ key }}

    anti join to_open on open_versions.{{ key }} = to_open.{{ key }}
    {%- if not added %}

    where
        open_versions.{{ kept_current }}
        is distinct from current_rows.{{ kept_current }}
    {%- endif %}

),
{%- endif %}

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
{%- if refreshed %}
union all by name
select * from refreshed
{%- endif %}

{% endmacro %}
