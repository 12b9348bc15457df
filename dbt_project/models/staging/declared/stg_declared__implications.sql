with

source as (

    {{ declared_rows('mapped_implications', {
        'entitlement_id': 'varchar',
        'implied_entitlement_id': 'varchar',
        'scope_type': 'varchar',
        'scope_id': 'varchar',
        'scope_name': 'varchar'
    }) }}

)

select * from source
