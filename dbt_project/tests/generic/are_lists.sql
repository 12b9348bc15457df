{#- Staging would read anything but a list as "nothing", and so as a removal. One
    test for all tables of a source, which says what it found -#}
{% test are_lists(model, of, keys) %}

{%- for table, names in keys.items() %}
{{ 'union all' if not loop.first }}
select id from {{ source(of, table) }}
where
    {%- for name in names %}
    {{ 'or ' if not loop.first -}}
    case
        when json_type(payload, '$.{{ name }}') not in ('ARRAY', 'NULL')
        then error(concat('{{ table }} ', id, ': `{{ name }}` is no list')) is null
    end
    {%- endfor %}
{%- endfor %}

{% endtest %}
