with

accounts as (

    select * from {{ ref('accounts') }}

),

people as (

    select * from {{ ref('people') }}

),

privileged as (

    select entitlement_id, display_name from {{ ref('entitlements') }}
    where is_privileged

),

grants as (

    select account_id, entitlement_id from {{ ref('grants') }}

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
    {{ is_dormant('accounts') }} as is_dormant,
    {{ dormant_after('accounts') }} as dormant_after_days,
    {{ is_login_ahead('accounts') }} as is_login_ahead

from accounts

left join people on accounts.person_id = people.person_id

left join privileges on accounts.account_id = privileges.account_id

-- An unknown status counts as access
where accounts.status <> 'disabled'
