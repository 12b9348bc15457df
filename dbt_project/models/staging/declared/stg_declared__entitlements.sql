with

source as (

    {{ declared_rows('mapped_entitlements', {
        'entitlement_id': 'varchar',
        'resource_type': 'varchar',
        'resource_id': 'varchar',
        'resource_name': 'varchar',
        'slug': 'varchar',
        'display_name': 'varchar',
        'description': 'varchar',
        'parent_resource_id': 'varchar',
        'is_privileged': 'boolean',
        'is_rule_managed': 'boolean',
        'unchangeable_because': 'varchar'
    }) }}

)

select
    *,
    'ticket' as change_channel
from source
