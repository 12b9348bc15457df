{{ config(post_hook=[
    '{{ create_who_has_what() }}',
    '{{ create_access_between() }}',
]) }}

{% set untold = 'inherited, and the system does not say from where' %}
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

peers as (

    select * from {{ ref('int_peer_group_access') }}

),

groups_of_peers as (

    select distinct peer_group, people from peers

),

last_decisions as (

    select * from {{ ref('int_last_decisions') }}

),

last_reviews as (

    select * from {{ ref('int_last_reviews') }}

),

findings as (

    select * from {{ ref('int_findings_by_subject') }}

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
        {{ peer_group('people_with_manager') }} as peer_group,
        case people_with_manager.employment_status
            when 'leaver' then true
            when 'active' then false
            when 'future' then false
        end as is_leaver,
        {{ is_dormant('accounts') }} as is_dormant,
        -- Whether they are one of their own group of peers
        coalesce(people_with_manager.employment_status = 'active', false)::int
            as own_part,
        groups_of_peers.people as peer_group_people,
        last_reviews.last_review_at,
        findings.findings,
        findings.points,
        findings.because,
        case
            when people_with_manager.manager_can_review then 'manager'
            when '{{ review_owner }}' <> '' then 'owner'
            else 'nobody'
        end as reviewer_rule

    from accounts

    left join people_with_manager
        on accounts.person_id = people_with_manager.person_id

    left join groups_of_peers
        on
            {{ peer_group('people_with_manager') }}
            = groups_of_peers.peer_group

    left join last_reviews on accounts.source_name = last_reviews.source_name

    left join findings on accounts.account_id = findings.subject_id

),

rows_to_decide as (

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
        coalesce(
            grants.access_path,
            case when grants.is_direct then 'direct' else '{{ untold }}' end
        ) as access_path,
        concat_ws(
            '; ',
            case when grants.is_direct then 'direct' end,
            grants.access_paths,
            case
                when grants.is_inherited and grants.access_paths is null
                    then '{{ untold }}'
            end
        ) as access_paths,
        case
            when grants.is_inherited and grants.is_direct
                then
                    'it stays: ' || coalesce(grants.access_paths, '{{ untold }}')
            when grants.is_inherited
                then
                    'all of it, for it is not direct: '
                    || coalesce(grants.access_paths, '{{ untold }}')
        end as remains_without,
        grants.source_grant_id,
        grants.granted_at,
        coalesce(granters.display_name, grants.granted_by) as granted_by,
        grants.first_seen_at,

        ---------- who else has it
        accounts_with_person.peer_group,
        case
            when accounts_with_person.peer_group_people is not null
                then
                    coalesce(peers.holders, 0) - accounts_with_person.own_part
        end as peers_with,
        accounts_with_person.peer_group_people - accounts_with_person.own_part
            as peers_total,

        ---------- what was decided before
        grants.first_seen_at > accounts_with_person.last_review_at
            as is_new_since_last_review,
        last_decisions.last_campaign,
        last_decisions.last_decision,
        last_decisions.last_decided_by,
        last_decisions.last_decided_at,

        ---------- what stands out
        accounts_with_person.is_leaver,
        accounts_with_person.match_rule = 'none' as is_unmatched,
        accounts_with_person.match_rule = 'ambiguous' as is_ambiguous,
        accounts_with_person.is_dormant,
        accounts_with_person.status = 'disabled' as is_disabled_account,
        nullif(
            concat_ws('; ', accounts_with_person.findings, findings.findings),
            ''
        ) as findings,
        coalesce(accounts_with_person.points, 0) + coalesce(findings.points, 0)
            as finding_points,
        concat_ws(', ', accounts_with_person.because, findings.because)
            as finding_points_because,

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

    left join accounts as granters on grants.granted_by = granters.account_id

    left join peers
        on
            accounts_with_person.peer_group = peers.peer_group
            and grants.entitlement_id = peers.entitlement_id

    left join last_decisions on grants.grant_id = last_decisions.grant_id

    left join findings on grants.grant_id = findings.subject_id

),

added_up as (

    select
        *,
        finding_points
        {%- for condition, points, _ in recommendation_weights() %}
        + case when {{ condition }} then {{ points }} else 0 end
        {%- endfor %} as points,
        concat_ws(
            ', ',
            nullif(finding_points_because, '')
            {%- for condition, points, words in recommendation_weights() %},
            case
                when {{ condition }}
                    then '{{ '%+d' | format(points) }} ' || {{ words }}
            end
            {%- endfor %}
        ) as because
    from rows_to_decide

),

access_review as (

    select
        * exclude (finding_points, finding_points_because, points, because),
        case
            when points >= 3 then 'revoke'
            when points >= 1 then 'look'
            else 'keep'
        end as recommendation,
        concat(
            coalesce(nullif(because, ''), 'nothing speaks for or against it'),
            ' = ', points, '; revoke from 3, look from 1'
        ) as recommendation_because
    from added_up

)

select * from access_review
