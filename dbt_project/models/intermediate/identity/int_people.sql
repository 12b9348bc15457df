with

people as ({{ union_sources('people') }}),

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
