{#- A vendor's text without the blanks around it; null when nothing is left -#}
{% macro filled(text) -%}
    nullif(trim({{ text }}), '')
{%- endmacro %}


{#- One spelling per mail address: case, blanks, composed or decomposed accents
    and the root dot of the domain do not count. Tags and aliases do. -#}
{% macro mail(address) -%}
    nullif(
        regexp_replace(nfc_normalize(lower(trim({{ address }}))), '\.$', ''), ''
    )
{%- endmacro %}
