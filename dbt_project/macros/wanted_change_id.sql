{#- The id of a wanted change, the same before it is planned and after it was
    applied: a hash of the action, the access and the reason. A new account has
    an id only afterwards. -#}
{% macro wanted_change_id(action) -%}
    sha256(
        concat_ws(
            '|', {{ action }}, reason_kind, reason_id,
            case when {{ action }} <> 'create_account' then account_id end,
            entitlement_id, scope_id
        )
    )
{%- endmacro %}


{#- The action that undoes an action; null if none does -#}
{% macro inverse_action(action) -%}
    case {{ action }}
        {%- for one, inverse in var('inverse_actions').items() %}
        when '{{ one }}' then '{{ inverse }}'
        {%- endfor %}
    end
{%- endmacro %}
