{% set review_owner = (var('review_owner') or '') | replace("'", "''") %}

with

grants as (

    select * from {{ ref('grants') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

people as (

    select * from {{ ref('people') }}

),

source_states as (

    select * from {{ ref('source_states') }}

),

people_with_manager as (

    select
        people.*,
        managers.full_name as manager_name,
        coalesce(
            people.manager_email <> coalesce(people.work_email, '')
            and people.person_id is distinct from managers.person_id
            and managers.employment_status is distinct from 'leaver',
            false
        ) as manager_can_review

    from people

    left join people as managers
        on people.manager_person_id = managers.person_id

),

-- What does not depend on the entitlement, once per account
accounts_with_person as (

    select
        accounts.*,
        people_with_manager.full_name,
        people_with_manager.work_email,
        people_with_manager.employee_number as person_employee_number,
        people_with_manager.job_title,
        people_with_manager.department,
        people_with_manager.employment_type,
        people_with_manager.employment_status,
        people_with_manager.started_on,
        people_with_manager.ended_on,
        people_with_manager.manager_name,
        people_with_manager.manager_email,
        case people_with_manager.employment_status
            when 'leaver' then true
            when 'active' then false
            when 'future' then false
        end as is_leaver,
        case
            when accounts.status = 'disabled' then false
            when accounts.reports_logins
                then
                    coalesce(
                        accounts.last_login_at,
                        accounts.created_at,
                        accounts.first_seen_at
                    )
                    < {{ run_at() }}
                    - to_days({{ var('dormant_after_days') | int }})
        end as is_dormant,
        case
            when people_with_manager.manager_can_review then 'manager'
            when '{{ review_owner }}' <> '' then 'owner'
            else 'nobody'
        end as reviewer_rule

    from accounts

    left join people_with_manager
        on accounts.person_id = people_with_manager.person_id

),

access_review as (

    select

        ---------- the person
        grants.grant_id,
        accounts_with_person.person_id,
        accounts_with_person.full_name,
        accounts_with_person.work_email,
        accounts_with_person.person_employee_number as employee_number,
        accounts_with_person.job_title,
        accounts_with_person.department,
        accounts_with_person.employment_type,
        accounts_with_person.employment_status,
        accounts_with_person.started_on,
        accounts_with_person.ended_on,
        accounts_with_person.manager_name,
        accounts_with_person.manager_email,

        ---------- the account
        grants.source_name,
        grants.account_id,
        accounts_with_person.account_type,
        accounts_with_person.display_name as account_name,
        accounts_with_person.username,
        accounts_with_person.email as account_email,
        accounts_with_person.status as account_status,
        accounts_with_person.source_status,
        accounts_with_person.last_login_at,
        accounts_with_person.mfa_enabled,

        ---------- what it holds
        grants.entitlement_id,
        entitlements.resource_type,
        entitlements.resource_name,
        entitlements.display_name as entitlement_name,
        entitlements.description as entitlement_description,
        grants.scope_type,
        grants.scope_id,
        grants.scope_name,
        entitlements.is_privileged,
        entitlements.is_rule_managed,

        ---------- how it came by it
        grants.is_direct,
        grants.is_inherited,
        array_to_string(grants.inherited_from, '; ') as inherited_from,
        coalesce(grants.access_path, 'direct') as access_path,
        grants.source_grant_id,
        grants.granted_at,
        grants.first_seen_at,

        ---------- what stands out
        accounts_with_person.is_leaver,
        accounts_with_person.match_rule = 'none' as is_unmatched,
        accounts_with_person.match_rule = 'ambiguous' as is_ambiguous,
        accounts_with_person.is_dormant,
        accounts_with_person.status = 'disabled' as is_disabled_account,

        ---------- how fresh it is
        source_states.last_complete_at as source_as_of,
        source_states.is_stale,

        ---------- who decides
        case accounts_with_person.reviewer_rule
            when 'manager' then accounts_with_person.manager_email
            when 'owner' then '{{ review_owner }}'
        end as reviewer,
        accounts_with_person.reviewer_rule

    from grants

    join accounts_with_person
        on grants.account_id = accounts_with_person.account_id

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    left join source_states on grants.source_name = source_states.source_name

)

select * from access_review
