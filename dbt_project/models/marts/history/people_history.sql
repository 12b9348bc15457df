{{ config(post_hook="{{ create_asof('people') }}") }}

{{ history(
    ref('int_people'),
    key='person_id',
    columns=[
        'source_name', 'full_name', 'work_email', 'employee_number',
        'job_title', 'department', 'employment_type', 'employment_status',
        'started_on', 'ended_on', 'manager_person_id', 'manager_email',
    ]
) }}
