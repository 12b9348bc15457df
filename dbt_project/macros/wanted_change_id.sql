{#- The id of a wanted change, the same before it is planned and after it was
    applied: a hash of the action, the access and the reason -#}
{% macro wanted_change_id(action) -%}
    sha256(
        concat_ws(
            '|', {{ action }}, reason_kind, reason_id, account_id,
            entitlement_id, scope_id
        )
    )
{%- endmacro %}
