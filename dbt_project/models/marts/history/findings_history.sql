{{ config(post_hook="{{ create_asof('findings') }}") }}

{{ history(
    ref('int_findings'),
    key='finding_id',
    columns=[
        'finding_type', 'severity', 'title', 'evidence', 'source_name',
        'person_id', 'account_id', 'entitlement_id', 'scope_id',
    ],
    details=['evidence']
) }}
