with

people as (

    select * from "access"."intermediate"."int_people"

),

history as (

    select person_id, first_seen_at from "access"."main"."people_history"
    where valid_to is null

),

source_states as (

    select * from "access"."main"."source_states"

)

select
    people.person_id,
    people.source_name,
    people.full_name,
    people.given_name,
    people.family_name,
    people.preferred_name,
    people.work_email,
    people.employee_number,
    people.job_title,
    people.department,
    people.location,
    people.employment_type,
    people.employment_status,
    people.started_on,
    people.ended_on,
    people.manager_person_id,
    people.manager_email,
    people.hr_groups,
    people.hr_fields,
    history.first_seen_at,
    source_states.last_complete_at as last_seen_at

from people

left join history on people.person_id = history.person_id

left join source_states on people.source_name = source_states.source_name