with

entitlements as (

    select * from "access"."intermediate"."int_entitlements"

),

history as (

    select entitlement_id, first_seen_at from "access"."main"."entitlements_history"
    where valid_to is null

),

source_states as (

    select * from "access"."main"."source_states"

)

select
    entitlements.entitlement_id,
    entitlements.source_name,
    entitlements.resource_type,
    entitlements.resource_id,
    entitlements.resource_name,
    entitlements.slug,
    entitlements.display_name,
    entitlements.description,
    entitlements.parent_resource_id,
    entitlements.is_privileged,
    entitlements.is_rule_managed,
    entitlements.change_channel,
    entitlements.unchangeable_because,
    history.first_seen_at,
    source_states.last_complete_at as last_seen_at

from entitlements

left join history on entitlements.entitlement_id = history.entitlement_id

left join source_states on entitlements.source_name = source_states.source_name