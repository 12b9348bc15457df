{#- True where nobody has signed in to the account for longer than its type
    allows, as of the last complete read of the system. Without any login, the
    time counts from the creation. Null where the system does not report
    logins. -#}
{% macro is_dormant(accounts) -%}
    case
        when {{ accounts }}.status = 'disabled' then false
        when {{ accounts }}.reports_logins
            then
                coalesce(
                    {{ accounts }}.last_login_at,
                    {{ accounts }}.created_at,
                    {{ accounts }}.first_seen_at
                )
                < {{ accounts }}.last_seen_at - to_days({{ dormant_after(accounts) }})
    end
{%- endmacro %}


{#- The days after which an account is dormant, by its type -#}
{% macro dormant_after(accounts) -%}
    case {{ accounts }}.account_type
        when 'service' then {{ var('dormant_service_after_days') | int }}
        else {{ var('dormant_after_days') | int }}
    end
{%- endmacro %}
