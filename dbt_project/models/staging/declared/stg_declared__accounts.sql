with

source as (

    {{ declared_rows('mapped_accounts', {
        'account_id': 'varchar',
        'source_account_id': 'varchar',
        'account_type': 'varchar',
        'display_name': 'varchar',
        'username': 'varchar',
        'email': 'varchar',
        'employee_number': 'varchar',
        'person_id': 'varchar',
        'status': 'varchar',
        'source_status': 'varchar',
        'mfa_enabled': 'boolean',
        'reports_logins': 'boolean',
        'last_login_at': 'timestamptz',
        'created_at': 'timestamptz',
        'updated_at': 'timestamptz'
    }) }}

)

select
    * replace ({{ mail('email') }} as email),
    'ticket' as change_channel
from source
