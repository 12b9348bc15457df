with

persons as (

    select * from {{ ref('base_charthop__persons') }}

),

people as (

    select

        ---------- ids
        'charthop:person:' || id as person_id,

        ---------- strings
        full_name,
        given_name,
        family_name,
        preferred_name,
        work_email,
        employee_number,
        job_title,
        department,
        employment_type,
        employment_status,
        manager_email,

        ---------- dates
        started_on,
        ended_on

    from persons

)

select * from people
