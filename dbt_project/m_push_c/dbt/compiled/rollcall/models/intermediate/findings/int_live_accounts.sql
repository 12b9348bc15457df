with

accounts as (

    select * from "access"."main"."accounts"

),

people as (

    select * from "access"."main"."people"

),

privileged as (

    select entitlement_id, display_name from "access"."main"."entitlements"
    where is_privileged

),

grants as (

    select account_id, entitlement_id from "access"."main"."grants"

),

privileges as (

    select
        grants.account_id,
        array_to_string(
            list_sort(list(distinct privileged.display_name)), ', '
        ) as privileges

    from grants

    join privileged on grants.entitlement_id = privileged.entitlement_id

    group by grants.account_id

)

select
    accounts.*,
    people.full_name,
    people.employment_status,
    people.started_on,
    people.ended_on,
    privileges.privileges,
    '; privileges: ' || privileges.privileges as privileges_clause,
    case
        when accounts.status = 'disabled' then false
        when accounts.reports_logins
            then
                coalesce(
                    case
                        when not accounts.last_login_at > accounts.last_seen_at + interval 1 day
                            then accounts.last_login_at
                    end,
                    accounts.created_at,
                    accounts.first_seen_at
                )
                < accounts.last_seen_at - to_days(case accounts.account_type
        when 'service' then 90
        else 90
    end)
    end as is_dormant,
    case accounts.account_type
        when 'service' then 90
        else 90
    end as dormant_after_days,
    accounts.last_login_at > accounts.last_seen_at + interval 1 day as is_login_ahead

from accounts

left join people on accounts.person_id = people.person_id

left join privileges on accounts.account_id = privileges.account_id

-- An unknown status counts as access
where accounts.status <> 'disabled'