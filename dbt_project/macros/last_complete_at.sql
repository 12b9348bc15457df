{#- The time of the data of a source: the start of its last complete read, or
    the time of the file that was read. While the source is stale,
    none of its rows changes by the calendar alone -#}
{% macro last_complete_at(source_name) -%}
    (
        select max(least(data_as_of, started_at)) from {{ target.schema }}.runs
        where source_name = '{{ source_name }}' and status = 'complete'
    )
{%- endmacro %}
