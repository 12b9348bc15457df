{{ config(post_hook="{{ create_asof('people') }}") }}

{#- The push rules of the day decide what `hr_fields` holds -#}
{{ history(
    ref('int_people'),
    key='person_id',
    columns=[
        'source_name', 'full_name', 'given_name', 'family_name',
        'preferred_name', 'work_email', 'employee_number', 'job_title',
        'department', 'location', 'employment_type', 'employment_status',
        'started_on', 'ended_on', 'manager_person_id', 'manager_email',
        'hr_groups', 'hr_fields',
    ],
    details=['hr_fields'],
    kept_current='hr_fields'
) }}
