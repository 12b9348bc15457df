{#- The start of the last complete read of a source. While the source is stale,
    none of its rows changes by the calendar alone -#}
{% macro last_complete_at(source_name) -%}
    (
        select max(started_at) from {{ target.schema }}.runs
        where source_name = '{{ source_name }}' and status = 'complete'
    )
{%- endmacro %}
