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


{#- Whether an id fits a pattern of the company's, in which `*` stands for
    anything and nothing else is special. -#}
{% macro matches(id, pattern) -%}
    regexp_full_match({{ id }}, replace(regexp_escape({{ pattern }}), '\*', '.*'))
{%- endmacro %}


{#- A moment as vendors and plan files write it -#}
{% macro iso(moment) -%}
    strftime({{ moment }} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}
