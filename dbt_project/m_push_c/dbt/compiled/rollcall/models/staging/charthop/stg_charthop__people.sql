with

persons as (

    select * from "access"."staging"."base_charthop__persons"

),

asked_fields as (

    select * from "access"."staging"."base_charthop__asked_fields"

),

grants as (

    select * from "access"."staging"."stg_charthop__grants"

),

entitlements as (

    select * from "access"."staging"."stg_charthop__entitlements"

),

today as (

    select * from "access"."staging"."base_charthop__today"

),

-- A person is an account of ChartHop under the same id
group_names as (

    select
        grants.account_id as person_id,
        list_sort(list_distinct(list(entitlements.display_name))) as hr_groups

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    where entitlements.display_name is not null

    group by grants.account_id

),

people as (

    select

        ---------- ids
        'charthop:person:' || persons.id as person_id,

        ---------- strings
        persons.full_name,
        persons.given_name,
        persons.family_name,
        persons.preferred_name,
        persons.work_email,
        persons.employee_number,
        persons.job_title,
        persons.department,
        persons.location,
        persons.employment_type,
        persons.employment_status,
        persons.manager_email,

        ---------- dates
        persons.started_on,
        persons.ended_on,
        today.today,

        ---------- lists and objects
        coalesce(group_names.hr_groups, []) as hr_groups,
        asked_fields.hr_fields

    from persons

    cross join today

    left join group_names
        on 'charthop:person:' || persons.id = group_names.person_id

    left join asked_fields on persons.id = asked_fields.id

)

select * from people