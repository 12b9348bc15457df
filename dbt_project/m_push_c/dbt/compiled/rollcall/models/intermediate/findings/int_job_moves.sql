with

versions as (

    select
        person_id,
        department,
        job_title,
        valid_from,
        lag(department) over person_versions as department_before,
        lag(job_title) over person_versions as job_title_before
    from "access"."main"."people_history"
    window person_versions as (partition by person_id order by valid_from)

),

moves as (

    select
        person_id,
        valid_from as moved_at,
        case when department <> department_before then 'department' else 'title'
        end as kind,
        case
            when department <> department_before
                then department_before || ' > ' || department
            else job_title_before || ' > ' || job_title
        end as move
    from versions
    where
        department <> department_before
        or job_title <> job_title_before

),

last_moves as (

    select * from moves
    qualify
        row_number() over (partition by person_id order by moved_at desc) = 1

)

select * from last_moves