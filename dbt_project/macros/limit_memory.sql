{#- Let a build use memory in proportion to the data and to the threads, and put
    the rest on disk. DuckDB would take most of the machine's memory, whether it
    needs it or not. This is no setting of the profile, because dbt parses
    everything again when such a setting has another value than before -#}
{% macro limit_memory() -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select block_size * total_blocks // 2**20, current_setting('threads')"
            " from pragma_database_size() where database_name = current_database()"
        ).rows[0] -%}
        {%- set megabytes = [256 * found[1], found[0] * 5 // 2] | max | int -%}
        set memory_limit = '{{ megabytes }}MiB'
    {%- endif -%}
{%- endmacro %}
