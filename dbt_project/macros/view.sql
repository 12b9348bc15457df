{#- What a view reads, without the name of the catalog: a published file may get
    another name, and analysts attach it under any -#}
{% macro ref_in_view(model) -%}
    {{ ref(model).include(database=false) }}
{%- endmacro %}
