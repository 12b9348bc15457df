{{ config(materialized='ephemeral') }}

with

grants as (

    select grant_id, account_id, entitlement_id, first_seen_at
    from {{ ref('grants') }}

),

accounts as (

    select
        account_id,
        is_leaver,
        ended_on,
        peer_group,
        peer_group_people,
        own_share,
        last_review_at
    from {{ ref('int_accounts_to_review') }}

),

entitlements as (

    select entitlement_id, is_privileged from {{ ref('entitlements') }}

),

peer_group_access as (

    select * from {{ ref('int_peer_group_access') }}

),

last_decisions as (

    select * from {{ ref('int_last_decisions') }}

),

findings as (

    select * from {{ ref('int_findings_by_subject') }}

),

-- What the recommendation depends on
considered as (

    select
        grants.grant_id,
        accounts.is_leaver,
        accounts.ended_on,
        accounts.peer_group,
        entitlements.is_privileged,

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
            concat_ws('; ', of_account.findings, of_grant.findings), ''
        ) as findings,
        coalesce(of_account.points, 0) + coalesce(of_grant.points, 0)
            as finding_points,
        nullif(
            concat_ws(', ', of_account.because, of_grant.because), ''
        ) as finding_points_because,
        nullif(
            concat_ws('; ', of_account.reasons, of_grant.reasons), ''
        ) as finding_reasons

    from grants

    join accounts on grants.account_id = accounts.account_id

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    left join peer_group_access
        on
            accounts.peer_group = peer_group_access.peer_group
            and grants.entitlement_id = peer_group_access.entitlement_id

    left join last_decisions on grants.grant_id = last_decisions.grant_id

    left join findings as of_account
        on grants.account_id = of_account.subject_id

    left join findings as of_grant on grants.grant_id = of_grant.subject_id

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
    grant_id,
    peers_with,
    peers_total,
    is_new_since_last_review,
    last_campaign,
    last_decision,
    last_decided_by,
    last_decided_at,
    findings,
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
