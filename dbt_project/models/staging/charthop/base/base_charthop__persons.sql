with

source as (

    select
        id,
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
    from {{ source('charthop', 'persons') }}

),

today as (

    select * from {{ ref('base_charthop__today') }}

),

-- Rows are flat ("name.first"), nested, or have the name in one string
renamed as (

    select

        ---------- ids
        id,
        {{ filled('person."jobId"') }} as job_id,
        person."groupIds" as group_ids,

        ---------- strings
        coalesce(
            {{ filled('person."name.full"') }},
            {{ filled("person.name->>'full'") }},
            case
                when json_type(person.name) = 'VARCHAR'
                    then {{ filled("person.name->>'$'") }}
            end
        ) as full_name,
        {{ filled("coalesce(person.\"name.first\", person.name->>'first')") }}
            as given_name,
        {{ filled("coalesce(person.\"name.last\", person.name->>'last')") }}
            as family_name,
        {{ filled("coalesce(person.\"name.pref\", person.name->>'pref')") }}
            as preferred_name,
        {{ mail(
            'coalesce(person."contact.workEmail", person.contact."workEmail")'
        ) }} as work_email,
        {{ filled(
            'coalesce(person."contact.employee", person.contact.employee)'
        ) }} as employee_number,
        {{ mail(
            'coalesce(
                person."manager.contact.workEmail",
                person.manager.contact."workEmail"
            )'
        ) }} as manager_email,
        coalesce(
            {{ filled('person."department.name"') }},
            {{ filled("person.department->>'name'") }},
            case
                when json_type(person.department) = 'VARCHAR'
                    then {{ filled("person.department->>'$'") }}
            end
        ) as department,
        coalesce(
            {{ filled('person."location.name"') }},
            {{ filled("person.location->>'name'") }},
            case
                when json_type(person.location) = 'VARCHAR'
                    then {{ filled("person.location->>'$'") }}
            end
        ) as location,
        {{ filled('person.title') }} as job_title,
        coalesce(
            {{ filled('person."employmentType"') }},
            {{ filled('person.employment') }}
        ) as employment_type,
        {{ filled('person.state') }} as state,

        ---------- dates
        person."startDateOrg" as started_on,
        person."endDateOrg" as ended_on,

        ---------- timestamps
        person."createAt" as created_at,
        person."updateAt" as updated_at

    from source

),

visible as (

    select
        coalesce(bool_or(job_id is not null), false) as shows_jobs,
        coalesce(bool_or(ended_on is not null), false) as shows_ends
    from renamed

),

employed as (

    select
        renamed.* replace (
            coalesce(
                full_name,
                case
                    when given_name is not null and family_name is not null
                        then given_name || ' ' || family_name
                end,
                {{ filled(
                    "concat_ws(
                        ' ', coalesce(preferred_name, given_name), family_name
                    )"
                ) }}
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

    from renamed

    cross join today

    cross join visible

)

select * from employed
