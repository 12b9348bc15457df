{#- Create an empty raw table wherever dlt has created none yet, so that models
    can read a source that never ran. Describe each, because dlt describes none. -#}
{% macro create_missing_raw_tables() %}

{%- if execute -%}
{%- for source in graph.sources.values() if source.schema.startswith('raw_') %}
create schema if not exists {{ source.schema }};

create table if not exists {{ source.schema }}.{{ source.identifier }} (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table {{ source.schema }}.{{ source.identifier }}
is {{ duckdb_escape_comment(table_comment(source.schema, source.description)) }};
{%- endfor %}
{%- endif -%}

{% endmacro %}
