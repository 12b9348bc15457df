{#- A description as one line: a desktop tool shows a comment in one row -#}
{% macro to_one_line(description) -%}
    {{ return(description.split() | join(' ')) }}
{%- endmacro %}


{#- The comment of a table. Queries shall read schema main: nothing else is kept
    as it is from version to version. -#}
{% macro table_comment(schema, description) -%}
    {%- set internal = 'Internal, and may change in any version. ' -%}
    {{ return(
        ('' if schema == target.schema else internal) ~ to_one_line(description)
    ) }}
{%- endmacro %}


{#- Write the comment of a macro that analysts call -#}
{% macro comment_on_macro(name, description) %}
comment on macro table {{ target.schema }}.{{ name }}
is {{ duckdb_escape_comment(to_one_line(description)) }};
{% endmacro %}


{#- Write all comments of a table in one statement. dbt's own macro looks up the
    columns twice, which our contracts make needless. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}

{%- call statement('comments') -%}
    {{ duckdb__alter_relation_comment(
        relation, table_comment(relation.schema, model.description)
    ) }}
    {%- for name, column in model.columns.items() %}
    comment on column {{ relation }}.{{ name }}
    is {{ duckdb_escape_comment(to_one_line(column.description)) }};
    {%- endfor %}
{%- endcall -%}

{% endmacro %}
