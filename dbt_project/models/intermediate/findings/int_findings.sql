with

accounts as (

    select account_id, source_name, person_id from {{ ref('accounts') }}

),

found as (

    {% for finding in finding_types() -%}
    select
        '{{ finding.type }}' as finding_type,
        '{{ finding.title }}' as usual_title,
        *
    from {{ ref('int_finding_' ~ finding.type) }}
    {{ 'union all by name' if not loop.last }}
    {% endfor %}

)

select
    found.finding_type || ':' || found.subject as finding_id,
    found.finding_type,
    found.severity,
    coalesce(found.title, found.usual_title) as title,
    found.evidence,
    coalesce(found.source_name, accounts.source_name) as source_name,
    coalesce(found.person_id, accounts.person_id) as person_id,
    found.account_id,
    found.entitlement_id,
    found.scope_id,
    found.grant_ids

from found

left join accounts on found.account_id = accounts.account_id
