{#- True where nobody has signed in to the account for longer than its type
    allows, as of the last complete read of the system. Without any login, the
    time counts from the creation; so it does where the login lies in the future
    of that read, because a wrong date shows no use. Null where the system does
    not report logins. -#}
{% macro is_dormant(accounts) -%}
    case
        when {{ accounts }}.status = 'disabled' then false
        when {{ accounts }}.reports_logins
            then
                coalesce(
                    case
                        when not {{ is_login_ahead(accounts) }}
                            then {{ accounts }}.last_login_at
                    end,
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


{#- True where the last login is dated after the last complete read of the
    system. A day is left for clocks that differ. -#}
{% macro is_login_ahead(accounts) -%}
    {{ accounts }}.last_login_at > {{ accounts }}.last_seen_at + interval 1 day
{%- endmacro %}
