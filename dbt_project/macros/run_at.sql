{#- The one "now" of a sync, the same in every model: its runs began just then -#}
{% macro run_at() -%}
    (select max(started_at) from {{ target.schema }}.runs)
{%- endmacro %}
