{#- The id of a grant, from the columns that make the grant. `int_effective_grants`
    holds no id: to read these columns takes less time than to read the id, which
    is the longest. -#}
{% macro grant_id(grants) -%}
    {{ grants }}.account_id || '/' || {{ grants }}.entitlement_id
    || coalesce('/' || {{ grants }}.scope_id, '')
{%- endmacro %}
