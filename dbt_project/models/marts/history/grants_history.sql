{{ config(post_hook=[
    "{{ create_asof('grants') }}",
    "{{ create_grants_between() }}",
]) }}

{% set current %}
    (
        select
            {{ grant_id('grants') }} as grant_id,
            *
        from {{ ref('int_effective_grants') }} as grants
        where dangling_reason is null
    )
{% endset %}

{{ history(
    current,
    key='grant_id',
    columns=[
        'source_name', 'account_id', 'entitlement_id', 'scope_type', 'scope_id',
        'scope_name', 'is_direct', 'is_inherited', 'inherited_from',
        'access_path', 'source_grant_id', 'granted_at', 'last_read_at',
    ],
    details=['scope_name', 'access_path', 'granted_at', 'last_read_at'],
    kept_current='last_read_at'
) }}
