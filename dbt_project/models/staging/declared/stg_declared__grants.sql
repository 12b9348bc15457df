with

source as (

    {{ declared_rows('mapped_grants', {
        'account_id': 'varchar',
        'entitlement_id': 'varchar',
        'inherited_through': 'varchar',
        'scope_type': 'varchar',
        'scope_id': 'varchar',
        'scope_name': 'varchar',
        'source_grant_id': 'varchar',
        'granted_at': 'timestamptz',
        'granted_by': 'varchar',
        'is_inherited': 'boolean',
        'is_read_only': 'boolean'
    }) }}

)

select
    *,
    null::timestamptz as last_read_at
from source
