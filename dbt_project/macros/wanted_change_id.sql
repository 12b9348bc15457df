{#- What a wish is known by, before it is planned and after it was applied: the
    same change of the same access for the same reason. -#}
{% macro wanted_change_id(action) -%}
    sha256(
        concat_ws(
            '|', {{ action }}, reason_kind, reason_id, account_id,
            entitlement_id, scope_id
        )
    )
{%- endmacro %}
