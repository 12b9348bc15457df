{#- A schema's name is what stands in dbt_project.yml, with no prefix -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
