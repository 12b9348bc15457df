{#- Write all comments of a table in one statement. dbt's own macro looks up the
    columns twice, which our contracts make needless. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}

{%- call statement('comments') -%}
    {{ duckdb__alter_relation_comment(relation, model.description) }}
    {%- for name, column in model.columns.items() %}
    comment on column {{ relation }}.{{ name }}
    is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endcall -%}

{% endmacro %}
