{#- The time of the sync, the same in every model: the start of its last run -#}
{% macro run_at() -%}
    (select max(started_at) from {{ target.schema }}.runs)
{%- endmacro %}
