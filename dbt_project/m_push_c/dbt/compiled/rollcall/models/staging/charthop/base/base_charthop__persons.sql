with

all_rows as (

    select id, payload, false as is_of_another_day
    from "access"."raw_charthop"."persons"
    union all
    select id, payload, true as is_of_another_day
    from "access"."raw_charthop"."first_and_last_days"

),

source as (

    select
        id,
        is_of_another_day,
        from_json(
            payload,
            '{
                "name": "json",
                "name.full": "varchar",
                "name.first": "varchar",
                "name.last": "varchar",
                "name.pref": "varchar",
                "contact": {"workEmail": "varchar", "employee": "varchar"},
                "contact.workEmail": "varchar",
                "contact.employee": "varchar",
                "manager": {"contact": {"workEmail": "varchar"}},
                "manager.contact.workEmail": "varchar",
                "department": "json",
                "department.name": "varchar",
                "location": "json",
                "location.name": "varchar",
                "title": "varchar",
                "jobId": "varchar",
                "employment": "varchar",
                "employmentType": "varchar",
                "startDateOrg": "date",
                "endDateOrg": "date",
                "state": "varchar",
                "groupIds": ["varchar"],
                "createAt": "timestamptz",
                "updateAt": "timestamptz"
            }'
        ) as person
    from all_rows

),

today as (

    select * from "access"."staging"."base_charthop__today"

),

-- Rows are flat ("name.first"), nested, or have the name in one string
renamed as (

    select

        ---------- ids
        id,
        nullif(trim(person."jobId", '	
                  　'), '') as job_id,
        person."groupIds" as group_ids,

        ---------- strings
        coalesce(
            nullif(trim(person."name.full", '	
                  　'), ''),
            nullif(trim(person.name->>'full', '	
                  　'), ''),
            case
                when json_type(person.name) = 'VARCHAR'
                    then nullif(trim(person.name->>'$', '	
                  　'), '')
            end
        ) as full_name,
        nullif(trim(coalesce(person."name.first", person.name->>'first'), '	
                  　'), '')
            as given_name,
        nullif(trim(coalesce(person."name.last", person.name->>'last'), '	
                  　'), '')
            as family_name,
        nullif(trim(coalesce(person."name.pref", person.name->>'pref'), '	
                  　'), '')
            as preferred_name,
        nullif(
        regexp_replace(nfc_normalize(lower(trim(coalesce(person."contact.workEmail", person.contact."workEmail"), '	
                  　'))), '\.$', ''), ''
    ) as work_email,
        nullif(trim(coalesce(person."contact.employee", person.contact.employee), '	
                  　'), '') as employee_number,
        nullif(
        regexp_replace(nfc_normalize(lower(trim(coalesce(
                person."manager.contact.workEmail",
                person.manager.contact."workEmail"
            ), '	
                  　'))), '\.$', ''), ''
    ) as manager_email,
        coalesce(
            nullif(trim(person."department.name", '	
                  　'), ''),
            nullif(trim(person.department->>'name', '	
                  　'), ''),
            case
                when json_type(person.department) = 'VARCHAR'
                    then nullif(trim(person.department->>'$', '	
                  　'), '')
            end
        ) as department,
        coalesce(
            nullif(trim(person."location.name", '	
                  　'), ''),
            nullif(trim(person.location->>'name', '	
                  　'), ''),
            case
                when json_type(person.location) = 'VARCHAR'
                    then nullif(trim(person.location->>'$', '	
                  　'), '')
            end
        ) as location,
        nullif(trim(person.title, '	
                  　'), '') as job_title,
        coalesce(
            nullif(trim(person."employmentType", '	
                  　'), ''),
            nullif(trim(person.employment, '	
                  　'), '')
        ) as employment_type,
        nullif(trim(person.state, '	
                  　'), '') as state,

        ---------- booleans
        is_of_another_day,

        ---------- dates
        person."startDateOrg" as started_on,
        person."endDateOrg" as ended_on,

        ---------- timestamps
        person."createAt" as created_at,
        person."updateAt" as updated_at

    from source

),

-- Whoever is not employed today has the seat of their first or last day
completed as (

    select
        today_rows.* exclude (is_of_another_day) replace (
            coalesce(today_rows.job_title, seats.job_title) as job_title,
            coalesce(today_rows.department, seats.department) as department,
            coalesce(today_rows.location, seats.location) as location,
            coalesce(today_rows.employment_type, seats.employment_type)
                as employment_type,
            coalesce(today_rows.manager_email, seats.manager_email)
                as manager_email
        )

    from renamed as today_rows

    left join renamed as seats
        on
            today_rows.id = seats.id
            and seats.is_of_another_day
            and today_rows.job_id is null

    where not today_rows.is_of_another_day

),

visible as (

    select
        coalesce(bool_or(job_id is not null), false) as shows_jobs,
        coalesce(bool_or(ended_on is not null), false) as shows_ends
    from completed

),

employed as (

    select
        completed.* replace (
            coalesce(
                full_name,
                case
                    when given_name is not null and family_name is not null
                        then given_name || ' ' || family_name
                end,
                nullif(trim(concat_ws(
                        ' ', coalesce(preferred_name, given_name), family_name
                    ), '	
                  　'), '')
            ) as full_name
        ),
        -- An end before the start belongs to an earlier employment. A start
        -- alone proves little: the token may not see the end, or the job
        case
            when ended_on < today
                and (
                    started_on is null
                    or started_on <= ended_on
                    or started_on > today
                )
                then 'leaver'
            when ended_on = today and job_id is null then 'leaver'
            when started_on > today and coalesce(ended_on >= started_on, true)
                then 'future'
            when job_id is not null then 'active'
            when started_on <= today and ended_on >= today then 'active'
            when started_on <= today and shows_ends and not shows_jobs
                then 'active'
            else 'unknown'
        end as employment_status

    from completed

    cross join today

    cross join visible

)

select * from employed