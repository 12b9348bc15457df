{#- Fails where a value is no list. Staging would read such a value as an empty
    list, and so as a removal of everything. -#}
{% test are_lists(model, of, keys) %}

{%- for table, names in keys.items() %}
{{ 'union all' if not loop.first }}
select id from {{ source(of, table) }}
where
    {%- for name in names %}
    {{ 'or ' if not loop.first -}}
    case
        when json_type(payload, '$.{{ name }}') not in ('ARRAY', 'NULL')
        then
            error(concat('{{ table }} ', id, ': `{{ name }}` is no list'))
            is null
    end
    {%- endfor %}
{%- endfor %}

{% endtest %}
