{{ config(post_hook="{{ create_asof('entitlements') }}") }}

{{ history(
    ref('int_entitlements'),
    key='entitlement_id',
    columns=[
        'source_name', 'resource_type', 'resource_id', 'resource_name', 'slug',
        'display_name', 'description', 'parent_resource_id', 'is_privileged',
        'is_rule_managed',
    ]
) }}
