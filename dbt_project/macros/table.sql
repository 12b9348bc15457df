{#- Replace a table in one transaction. dbt's own materialization keeps the old
    table for readers until the end. A candidate has no readers, and over all
    tables that would take a third of a build. -#}
{% materialization table, adapter='duckdb' %}

{%- set relation = this.incorporate(type='table') -%}

{{ run_hooks(pre_hooks) }}
{%- call statement('main') -%}
    drop table if exists {{ relation }};
    {{ create_table_as(False, relation, compiled_code) }}
{%- endcall -%}
{{ run_hooks(post_hooks) }}
{%- do persist_docs(relation, model) -%}
{%- do adapter.commit() -%}

{{ return({'relations': [relation]}) }}

{% endmaterialization %}
