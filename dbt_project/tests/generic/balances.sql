{% test balances(model, columns) %}

select * from {{ model }}
where {{ columns | join(' <> 0 or ') }} <> 0

{% endtest %}
