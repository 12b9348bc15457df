{#- The schema's name as dbt_project.yml has it, without dbt's usual prefix -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
