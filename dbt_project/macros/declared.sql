{#- The tables of the systems that files declare, as pairs of schema and table.
    The models find them in the warehouse when they run, because no list of the
    systems stands in the project -#}
{% macro declared_tables() -%}
    {%- set tables = [] -%}
    {%- if execute -%}
        {%- for row in run_query(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database()"
            " and not starts_with(table_name, '_dlt') and schema_name in ("
            "select schema_name from duckdb_tables()"
            " where database_name = current_database()"
            " and table_name = 'mapped_accounts') order by all"
        ).rows -%}
            {%- do tables.append((row[0], row[1])) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}


{#- The rows of one table of all declared systems, with the name of each. The
    columns are those of a mapping, with their types -#}
{% macro declared_rows(table, columns) -%}
    select
        null::varchar as source_name,
        {%- for name, type in columns.items() %}
        null::{{ type }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- for schema, found in declared_tables() if found == table %}

    union all

    select
        '{{ schema.removeprefix('raw_') }}' as source_name,
        {{ columns | join(',\n        ') }}
    from {{ schema }}.{{ table }}
    {%- endfor %}
{%- endmacro %}
