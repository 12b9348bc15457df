{#- Staging would read anything but a list as "nothing", and so as a removal -#}
{% test is_list(model, keys) %}

select id from {{ model }}
where
    {%- for key in keys %}
    {{ 'or ' if not loop.first -}}
    json_type(payload, '$.{{ key }}') not in ('ARRAY', 'NULL')
    {%- endfor %}

{% endtest %}
