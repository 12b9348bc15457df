

with

current_rows as (

    select * from "access"."intermediate"."int_people" where true

),



open_versions as (

    select * from "access"."main"."people_history" where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, (select max(started_at) from main.runs)
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.person_id = open_versions.person_id

    where
        open_versions.person_id is null
        or row(
            current_rows.source_name,
            current_rows.full_name,
            current_rows.given_name,
            current_rows.family_name,
            current_rows.preferred_name,
            current_rows.work_email,
            current_rows.employee_number,
            current_rows.job_title,
            current_rows.department,
            current_rows.location,
            current_rows.employment_type,
            current_rows.employment_status,
            current_rows.started_on,
            current_rows.ended_on,
            current_rows.manager_person_id,
            current_rows.manager_email,
            current_rows.hr_groups
        ) is distinct from row(
            open_versions.source_name,
            open_versions.full_name,
            open_versions.given_name,
            open_versions.family_name,
            open_versions.preferred_name,
            open_versions.work_email,
            open_versions.employee_number,
            open_versions.job_title,
            open_versions.department,
            open_versions.location,
            open_versions.employment_type,
            open_versions.employment_status,
            open_versions.started_on,
            open_versions.ended_on,
            open_versions.manager_person_id,
            open_versions.manager_email,
            open_versions.hr_groups
        )

),

to_close as (

    select open_versions.* replace ((select max(started_at) from main.runs) as valid_to)

    from open_versions

    left join current_rows on open_versions.person_id = current_rows.person_id

    left join to_open on open_versions.person_id = to_open.person_id

    where
        current_rows.person_id is null
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.person_id is not null
            and open_versions.valid_from < (select max(started_at) from main.runs)
        )

),

refreshed as (

    select
        open_versions.* exclude (hr_fields),
        current_rows.hr_fields

    from open_versions

    join current_rows on open_versions.person_id = current_rows.person_id

    anti join to_open on open_versions.person_id = to_open.person_id

    where
        open_versions.hr_fields
        is distinct from current_rows.hr_fields

),



opened as (

    select
        person_id || '@' || epoch_us((select max(started_at) from main.runs)) as history_id,
        person_id,
        source_name,
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
        manager_person_id,
        manager_email,
        hr_groups,
        hr_fields,
        first_seen_at,
        (select max(started_at) from main.runs) as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
union all by name
select * from to_close
union all by name
select * from refreshed

