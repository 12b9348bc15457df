{{ config(post_hook="{{ create_asof('accounts') }}") }}

{{ history(
    ref('int_accounts_matched_to_people'),
    key='account_id',
    columns=[
        'source_name', 'source_account_id', 'account_type', 'display_name',
        'username', 'email', 'employee_number', 'status', 'source_status',
        'mfa_enabled', 'reports_logins', 'last_login_at', 'created_at',
        'updated_at', 'person_id', 'match_rule',
    ],
    details=['reports_logins', 'last_login_at', 'updated_at']
) }}
