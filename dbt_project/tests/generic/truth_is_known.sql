{#- Fails where one of these truth values is null. A filter, a list or `not` would
    take such a row for neither. -#}
{% test truth_is_known(model, columns) %}

select * from {{ model }}
where {{ columns | join(' is null or ') }} is null

{% endtest %}
