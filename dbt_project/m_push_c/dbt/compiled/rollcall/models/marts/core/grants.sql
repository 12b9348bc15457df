with

grants as (

    select * from "access"."intermediate"."int_effective_grants"
    where dangling_reason is null

),

history as (

    select grant_id, first_seen_at from "access"."main"."grants_history"
    where valid_to is null

),

source_states as (

    select * from "access"."main"."source_states"

)

select
    grants.grant_id,
    grants.source_name,
    grants.account_id,
    grants.entitlement_id,
    grants.scope_type,
    grants.scope_id,
    grants.scope_name,
    grants.is_direct,
    grants.is_inherited,
    grants.inherited_from,
    grants.access_path,
    grants.access_paths,
    grants.source_grant_id,
    grants.is_read_only,
    grants.granted_at,
    grants.granted_by,
    history.first_seen_at,
    coalesce(
        grants.last_read_at, source_states.last_complete_at
    ) as last_seen_at,
    grants.last_read_at is null as is_confirmed

from grants

left join history on grants.grant_id = history.grant_id

left join source_states on grants.source_name = source_states.source_name

-- Sorted, the grants of one account are found without reading all others
order by grants.account_id