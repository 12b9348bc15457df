{#- All comments of a table in one statement. dbt's own way looks twice which
    columns there are: our contracts have said that already. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}

{%- call statement('comments') -%}
    {{ duckdb__alter_relation_comment(relation, model.description) }}
    {%- for name, column in model.columns.items() %}
    comment on column {{ relation }}.{{ name }}
    is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endcall -%}

{% endmacro %}
