with

grants as not materialized (

    select * from {{ ref('int_effective_grants') }}
    where dangling_reason is null

),

history as not materialized (

    select grant_id, first_seen_at from {{ ref('grants_history') }}
    where valid_to is null

),

-- Null, which the contract refuses, if a grant has no open version with a date
first_sync as (

    select
        case
            when count(first_seen_at) = (select count(*) from grants)
                then min(first_seen_at)
        end as first_seen_at
    from history

),

-- Most grants are as old as the first sync: only the others are looked up
came_later as (

    select * from history
    where first_seen_at > (select first_seen_at from first_sync)

),

source_states as (

    select * from {{ ref('source_states') }}

)

select
    {{ grant_id('grants') }} as grant_id,
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
    coalesce(
        came_later.first_seen_at, (select first_seen_at from first_sync)
    ) as first_seen_at,
    coalesce(
        grants.last_read_at, source_states.last_complete_at
    ) as last_seen_at,
    grants.last_read_at is null as is_confirmed

from grants

left join came_later on {{ grant_id('grants') }} = came_later.grant_id

left join source_states on grants.source_name = source_states.source_name
