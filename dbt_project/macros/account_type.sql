{#- The type of an account, by the word that a system has for its kind of user -#}
{% macro account_type(user_type) -%}
    case
        when
            lower({{ trimmed(user_type) }}) in (
                'service', 'service account', 'system', 'bot', 'machine'
            )
            then 'service'
        else 'human'
    end
{%- endmacro %}
