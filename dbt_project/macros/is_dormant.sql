{#- Whether nobody has signed in for as long as its kind of account may go
    without, counted from its creation if never. Null where its system does not
    tell. -#}
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
                < {{ run_at() }} - to_days({{ dormant_after(accounts) }})
    end
{%- endmacro %}


{#- After how many days, by the kind of account -#}
{% macro dormant_after(accounts) -%}
    case {{ accounts }}.account_type
        when 'service' then {{ var('dormant_service_after_days') | int }}
        else {{ var('dormant_after_days') | int }}
    end
{%- endmacro %}
