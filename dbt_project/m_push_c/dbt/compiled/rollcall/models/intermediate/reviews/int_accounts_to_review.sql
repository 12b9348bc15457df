

with

accounts as (

    select * from "access"."main"."accounts"

),

people as (

    select * from "access"."main"."people"

),

peer_groups as (

    select distinct peer_group, people from "access"."intermediate"."int_peer_group_access"

),

last_reviews as (

    select * from "access"."intermediate"."int_last_reviews"

),

people_with_manager as (

    select
        people.*,
        managers.full_name as manager_name,
        coalesce(
        'department ' || people.department,
        'title ' || people.job_title
    ) as peer_group,
        coalesce(
            people.manager_email <> coalesce(people.work_email, '')
            and people.person_id is distinct from managers.person_id
            and managers.employment_status is distinct from 'leaver',
            false
        ) as manager_can_review

    from people

    left join people as managers
        on people.manager_person_id = managers.person_id

)

select

    ---------- the account
    accounts.account_id,
    accounts.account_type,
    accounts.display_name as account_name,
    accounts.username,
    accounts.email as account_email,
    accounts.status as account_status,
    accounts.source_status,
    accounts.last_login_at,
    accounts.mfa_enabled,
    accounts.match_rule = 'none' as is_unmatched,
    accounts.match_rule = 'ambiguous' as is_ambiguous,
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
    accounts.status = 'disabled' as is_disabled_account,

    ---------- the person
    accounts.person_id,
    people_with_manager.full_name,
    people_with_manager.work_email,
    people_with_manager.employee_number,
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

    ---------- the peer group
    people_with_manager.peer_group,
    peer_groups.people as peer_group_people,
    -- 1 where the person is one of the peer group, and so no peer of their own
    coalesce(people_with_manager.employment_status = 'active', false)::int
        as own_share,

    ---------- the review
    last_reviews.last_review_at,
    case
        when people_with_manager.manager_can_review then 'manager'
        when '' <> '' then 'owner'
        else 'nobody'
    end as reviewer_rule,
    case reviewer_rule
        when 'manager' then people_with_manager.manager_email
        when 'owner' then ''
    end as reviewer

from accounts

left join people_with_manager
    on accounts.person_id = people_with_manager.person_id

left join peer_groups
    on people_with_manager.peer_group = peer_groups.peer_group

left join last_reviews on accounts.source_name = last_reviews.source_name