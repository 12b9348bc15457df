{{ config(materialized='view') }}

with

grants as (

    select * from {{ ref_in_view('grants') }}

),

accounts as (

    select * from {{ ref_in_view('int_accounts_to_review') }}

),

entitlements as (

    select
        entitlement_id,
        resource_type,
        resource_name,
        display_name as entitlement_name,
        description as entitlement_description,
        is_privileged,
        is_rule_managed
    from {{ ref_in_view('entitlements') }}

),

peer_group_access as (

    select * from {{ ref_in_view('int_peer_group_access') }}

),

last_decisions as (

    select * from {{ ref_in_view('int_last_decisions') }}

),

-- Two of one table: DuckDB materializes what is read twice, and every query
-- would then compute all columns of all grants
account_findings as (

    select * from {{ ref_in_view('int_findings_by_subject') }}

),

grant_findings as (

    select * from {{ ref_in_view('int_findings_by_subject') }}

),

-- What the recommendation depends on
considered as (

    select
        grants.*,
        accounts.* exclude (account_id),
        entitlements.* exclude (entitlement_id),

        ---------- who else has it
        case
            when accounts.peer_group_people is not null
                then
                    coalesce(peer_group_access.holders, 0) - accounts.own_share
        end as peers_with,
        accounts.peer_group_people - accounts.own_share as peers_total,

        ---------- what was decided before
        grants.first_seen_at > accounts.last_review_at
            as is_new_since_last_review,
        last_decisions.last_campaign,
        last_decisions.last_decision,
        last_decisions.last_decided_by,
        last_decisions.last_decided_at,

        ---------- what was found
        nullif(
            concat_ws('; ', account_findings.findings, grant_findings.findings),
            ''
        ) as findings,
        coalesce(account_findings.points, 0)
        + coalesce(grant_findings.points, 0) as finding_points,
        nullif(
            concat_ws(', ', account_findings.because, grant_findings.because),
            ''
        ) as finding_points_because,
        nullif(
            concat_ws('; ', account_findings.reasons, grant_findings.reasons),
            ''
        ) as finding_reasons

    from grants

    join accounts on grants.account_id = accounts.account_id

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    left join peer_group_access
        on
            accounts.peer_group = peer_group_access.peer_group
            and grants.entitlement_id = peer_group_access.entitlement_id

    left join last_decisions on grants.grant_id = last_decisions.grant_id

    left join account_findings
        on grants.account_id = account_findings.subject_id

    left join grant_findings
        on grants.grant_id = grant_findings.subject_id

),

added_up as (

    select
        *,
        finding_points
        {%- for weight in recommendation_weights() %}
        + case when {{ weight.condition }} then {{ weight.points }} else 0 end
        {%- endfor %} as points,
        concat_ws(
            ', ',
            finding_points_because
            {%- for weight in recommendation_weights() %},
            case
                when {{ weight.condition }}
                    then
                        {{ weight.words }}
                        || ' {{ '%+d' | format(weight.points) }}'
            end
            {%- endfor %}
        ) as because,
        nullif(concat_ws(
            '; '
            {%- for weight in recommendation_weights() if weight.points > 0 %},
            case when {{ weight.condition }} then {{ weight.reason }} end
            {%- endfor %},
            finding_reasons
            {%- for weight in recommendation_weights() if weight.points < 0 %},
            case when {{ weight.condition }} then {{ weight.reason }} end
            {%- endfor %}
        ), '') as reason
    from considered

)

select
    * exclude (
        finding_points, finding_points_because, finding_reasons,
        points, because, reason
    ),
    case
        when points >= 3 then 'revoke'
        when points >= 1 then 'look'
        else 'keep'
    end as recommendation,
    concat(
        coalesce(nullif(because, ''), 'nothing speaks for or against it'),
        ' = ', points, '; revoke from 3, look from 1'
    ) as recommendation_because,
    {{ capitalized("coalesce(reason, 'nothing speaks for or against it')") }}
        as recommendation_reason
from added_up
