with

people as (
    select
        'charthop' as source_name,
        person_id,
        full_name,
        given_name,
        family_name,
        preferred_name,
        work_email,
        employee_number,
        job_title,
        department,
        location,
        employment_type,
        employment_status,
        started_on,
        ended_on,
        manager_email,
        hr_groups,
        hr_fields,
        today
    from "access"."staging"."stg_charthop__people"
    

),

-- A mail address that two people share identifies neither of them
managers as (

    select
        work_email,
        min(person_id) as person_id
    from people
    group by work_email
    having count(*) = 1

)

select
    people.*,
    managers.person_id as manager_person_id

from people

left join managers on people.manager_email = managers.work_email