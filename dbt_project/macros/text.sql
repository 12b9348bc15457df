{#- A vendor's text without surrounding blanks; null where nothing is left -#}
{% macro filled(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}


{#- A mail address in its one normal spelling. Case, blanks, the form of accents
    and a final dot make no difference; tags and aliases do. -#}
{% macro mail(address) -%}
    nullif(
        regexp_replace(nfc_normalize(lower(trim({{ address }}))), '\.$', ''), ''
    )
{%- endmacro %}


{#- True where an id matches a pattern of the policy. `*` stands for any text;
    no other character is special. -#}
{% macro matches(id, pattern) -%}
    {{ id }} like replace(
        replace(replace(replace({{ pattern }}, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'
{%- endmacro %}


{#- A timestamp as plan files and vendors write it: ISO 8601 in UTC -#}
{% macro iso(moment) -%}
    strftime({{ moment }} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}
