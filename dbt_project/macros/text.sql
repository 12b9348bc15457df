{#- A text without surrounding blanks: the characters that Python strips -#}
{% macro trimmed(text) -%}
    trim({{ text }}, '{{
        "\t\n\u000b\u000c\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680"
        "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
        "\u2028\u2029\u202f\u205f\u3000"
    }}')
{%- endmacro %}


{#- A vendor's text without surrounding blanks; null where nothing is left -#}
{% macro filled(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}


{#- The key of another object as text; null where a vendor writes 0, or a GUID
    of zeros, for none. A number may come with decimals. -#}
{% macro set_key(key) -%}
    nullif(
        regexp_replace(
            {{ trimmed(key) }}, '^[-{}0.]*$|\.0+$', ''
        ), ''
    )
{%- endmacro %}


{#- A mail address in its one normal spelling. Case, blanks, the form of accents
    and a final dot make no difference; tags and aliases do. -#}
{% macro mail(address) -%}
    nullif(
        regexp_replace(nfc_normalize(lower({{ trimmed(address) }})), '\.$', ''), ''
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


{#- A day as people write it, such as 25 September 2025 -#}
{% macro day_in_words(moment) -%}
    strftime({{ moment }}, '%-d %B %Y')
{%- endmacro %}


{#- A text with a capital at its beginning -#}
{% macro capitalized(text) -%}
    upper(left({{ text }}, 1)) || substr({{ text }}, 2)
{%- endmacro %}
