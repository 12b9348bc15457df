{#- The rows of one entity from every source. This list of columns is the
    contract of a source: its `stg_<source>__<entity>` has all of them. -#}
{% macro union_sources(entity) %}

    {%- set columns = {
        'people': [
            'person_id', 'full_name', 'given_name', 'family_name',
            'preferred_name', 'work_email', 'employee_number', 'job_title',
            'department', 'location', 'employment_type', 'employment_status',
            'started_on', 'ended_on', 'manager_email', 'hr_groups', 'hr_fields',
            'today',
        ],
        'query_answers': ['query', 'refused_because', 'person_ids'],
        'accounts': [
            'account_id', 'source_account_id', 'account_type', 'display_name',
            'username', 'email', 'employee_number', 'person_id', 'status',
            'source_status', 'mfa_enabled', 'reports_logins', 'last_login_at',
            'created_at', 'updated_at', 'change_channel',
        ],
        'account_records': ['account_id', 'left_out_because'],
        'entitlements': [
            'entitlement_id', 'resource_type', 'resource_id', 'resource_name',
            'slug', 'display_name', 'description', 'parent_resource_id',
            'is_privileged', 'is_rule_managed', 'change_channel',
            'unchangeable_because',
        ],
        'grants': [
            'account_id', 'entitlement_id', 'inherited_through', 'scope_type',
            'scope_id', 'scope_name', 'source_grant_id', 'granted_at',
            'granted_by', 'is_inherited', 'is_read_only', 'last_read_at',
        ],
        'implications': [
            'entitlement_id', 'implied_entitlement_id', 'scope_type',
            'scope_id', 'scope_name',
        ],
        'profiles': [
            'account_id', 'user_type', 'given_name', 'family_name', 'job_title',
            'manager_email', 'sourced_by', 'identity_provider',
            'status_detail', 'profile',
        ],
        'profile_fields': [
            'user_type', 'field', 'value_type', 'min_length', 'max_length',
            'max_character_bytes', 'allowed_values', 'unwritable_because',
            'is_sourced', 'is_identifying', 'is_required', 'is_default_type',
            'refusal_code', 'definition',
        ],
        'tickets': [
            'ticket_id', 'source_ticket_id', 'status', 'source_status',
            'summary', 'created_at', 'updated_at', 'closed_at', 'last_note',
        ],
    }[entity] -%}

    {%- set sources = {
        'people': 'hr_sources', 'query_answers': 'hr_sources',
        'tickets': 'ticket_sources',
        'profiles': 'profile_sources', 'profile_fields': 'profile_sources',
    }.get(entity, 'sources') -%}

    {%- for source in var(sources) %}
    select
        {{ 'source_name' if source == 'declared' else "'" ~ source ~ "' as source_name" }},
        {{ columns | join(',\n        ') }}
    from {{ ref('stg_' ~ source ~ '__' ~ entity) }}
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

{% endmacro %}
