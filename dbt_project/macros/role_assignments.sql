{#- One row per principal and role assignment in the lists of a source, parsed
    by `form`. `principal_tables` has the raw table of each type of principal,
    and `more` further columns. -#}
{% macro role_assignments(source_name, principal_tables, form, more=[]) %}

    {%- for principal_type, table in principal_tables.items() %}
    select
        '{{ principal_type }}' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        {%- for column in more %}
        {{ column }},
        {%- endfor %}
        unnest(
            from_json(payload, '{"roleAssignments": [{{ form }}]}')
                ."roleAssignments"
        ) as assignment
    from {{ source(source_name, table) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

{% endmacro %}
