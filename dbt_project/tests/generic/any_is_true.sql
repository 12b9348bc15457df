{#- Fails where none of these truth values is true; null is not true -#}
{% test any_is_true(model, columns) %}

select * from {{ model }}
where not coalesce({{ columns | join(', false) and not coalesce(') }}, false)

{% endtest %}
