{#- A table is replaced where it stands, in one transaction. dbt's own way keeps
    the old one beside it until the end, for readers: a candidate has none, and
    over all tables that takes a third of a build. -#}
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
