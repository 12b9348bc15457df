{#- Counts the tables themselves, to compare with the records of the runs. The
    tables of declared systems are in no list of sources -#}
with

counted as (

    {% set tables = [] %}
    {%- for table in graph.sources.values() if execute %}
    {%- if table.schema.startswith('raw_') %}
    {%- do tables.append((table.schema, table.identifier)) %}
    {%- endif %}
    {%- endfor %}
    {%- for table in declared_tables() %}
    {%- do tables.append(table) %}
    {%- endfor %}
    {%- for schema, table in tables %}
    select
        '{{ schema.removeprefix('raw_') }}' as source_name,
        '{{ table }}' as resource,
        count(*) as raw_rows
    from {{ schema }}.{{ table }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from counted
