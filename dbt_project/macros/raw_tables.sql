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
{%- for schema, table in declared_tables() %}
{%- if table.startswith('mapped_') %}
{%- set about = 'What the rows of a declared system mean, by its mapping.' %}
{%- elif table == 'system' %}
{%- set about = 'One row: the file of the system, and what was found in the read.' %}
{%- else %}
{%- set about = 'One row per row of the system, as it was read.' %}
{%- endif %}

comment on table {{ schema }}.{{ table }}
is {{ duckdb_escape_comment(table_comment(schema, about)) }};
{%- endfor %}
{%- endif -%}

{% endmacro %}
