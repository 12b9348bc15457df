{#- Counts the tables themselves, to compare with the records of the runs -#}
with

counted as (

    {% set tables = [] %}
    {%- for table in graph.sources.values() if execute %}
    {%- if table.schema.startswith('raw_') %}
    {%- do tables.append(table) %}
    {%- endif %}
    {%- endfor %}
    {%- for table in tables %}
    select
        '{{ table.schema.removeprefix('raw_') }}' as source_name,
        '{{ table.identifier }}' as resource,
        count(*) as raw_rows
    from {{ table.schema }}.{{ table.identifier }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from counted
