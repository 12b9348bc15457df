{#- Fails where a value is no list of ids, or no list of objects whose keys are
    ids. `keys` has the tables with their lists, and the ids in their objects.
    A list may be in the objects of another: `lines[*].parts`. Staging would
    read any other value as nothing, and so as a removal. -#}
{% test are_lists(model, of, keys) %}

{%- for table, lists in keys.items() %}
{{ 'union all' if not loop.first }}
select id from {{ source(of, table) }}
where
    {%- for name, ids in lists.items() %}
    {{ 'or ' if not loop.first -}}
    case
        when
            {%- if '[*]' in name %}
            len(list_filter(
                json_type(payload, '$.{{ name }}'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            {%- else %}
            json_type(payload, '$.{{ name }}') not in ('ARRAY', 'NULL')
            {%- endif %}
            then
                error(concat('{{ table }} ', id, ': `{{ name }}` is no list'))
                is null
        {%- if ids %}
        when
            len(list_filter(
                json_type(payload, '$.{{ name }}[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    '{{ table }} ', id, ': `{{ name }}` is no list of objects'
                )) is null
        {%- endif %}
        {%- for path in ids or [none] %}
        {%- set path = name ~ '[*]' ~ ('.' ~ path if path else '') %}
        when
            list_has_any(
                json_type(payload, '$.{{ path }}'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('{{ table }} ', id, ': `{{ path }}` is no id'))
                is null
        {%- endfor %}
    end
    {%- endfor %}
{%- endfor %}

{% endtest %}
