with

wanted as (

    select * from {{ ref('int_wanted_changes') }}

),

accounts as (

    select * from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

grants as not materialized (

    select * from {{ ref('grants') }}

),

dangling_grants as (

    select * from {{ ref('dangling_grants') }}

),

protected as (

    select * from {{ source('policy', 'protected') }}

),

source_states as (

    select * from {{ ref('source_states') }}

),

-- The names of the entitlements that are held directly and lead to the grant
held_through as (

    select
        unnested.grant_id,
        string_agg(
            coalesce(entitlements.display_name, unnested.entitlement_id), ', '
            order by unnested.entitlement_id
        ) as names

    from (
        select grant_id, unnest(inherited_from) as entitlement_id from grants
        where grant_id in (select grant_id from wanted)
    ) as unnested

    left join entitlements
        on unnested.entitlement_id = entitlements.entitlement_id

    group by unnested.grant_id

),

-- Resource types that are granted for a scope only: a request has to name one
scoped_kinds as (

    select entitlements.source_name, entitlements.resource_type

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    group by entitlements.source_name, entitlements.resource_type
    having bool_and(grants.scope_id is not null)

),

protected_ids as (

    select
        ids.id,
        min(protected.reason) as reason

    from (
        select account_id as id from wanted
        union
        select entitlement_id as id from wanted
    ) as ids

    join protected on {{ matches('ids.id', 'protected.pattern') }}

    group by ids.id

),

joined as (

    select
        wanted.*,
        accounts.account_id is not null as is_account_known,
        accounts.status as account_status,
        accounts.change_channel as account_channel,
        entitlements.entitlement_id is not null as is_entitlement_known,
        entitlements.change_channel as entitlement_channel,
        entitlements.unchangeable_because,
        grants.grant_id is not null as is_held,
        coalesce(grants.is_direct, false) as is_direct,
        coalesce(grants.is_inherited, false) as is_inherited,
        coalesce(grants.is_read_only, false) as is_read_only,
        grants.source_grant_id,
        coalesce(grants.scope_type, split_part(wanted.scope_id, ':', 2))
            as scope_type,
        dangling_grants.reason as dangling_because,
        coalesce(
            held_through.names, 'something that ' || wanted.source_name
            || ' does not name'
        ) as held_through,
        scoped_kinds.source_name is not null and wanted.scope_id is null
            as lacks_scope,
        coalesce(
            protected_accounts.reason, protected_entitlements.reason
        ) as protected_because

    from wanted

    left join accounts on wanted.account_id = accounts.account_id

    left join entitlements
        on wanted.entitlement_id = entitlements.entitlement_id

    left join grants on wanted.grant_id = grants.grant_id

    left join dangling_grants on wanted.grant_id = dangling_grants.grant_id

    left join held_through on wanted.grant_id = held_through.grant_id

    left join scoped_kinds
        on
            entitlements.source_name = scoped_kinds.source_name
            and entitlements.resource_type = scoped_kinds.resource_type

    left join protected_ids as protected_accounts
        on wanted.account_id = protected_accounts.id

    left join protected_ids as protected_entitlements
        on wanted.entitlement_id = protected_entitlements.id

),

with_channel as (

    select
        *,
        -- A person is asked for what the API cannot do
        case
            when 'none' in (account_channel, entitlement_channel) then 'none'
            when
                action = 'modify'
                or 'ticket' in (account_channel, entitlement_channel)
                then 'ticket'
            else 'api'
        end as channel,
        channel = 'ticket' and coalesce(
            '{{ var('ticket_source') }}' not in (
                select source_name from source_states
            ),
            false
        ) as lacks_desk,
        case action
            when 'grant' then is_held
            when 'create_account' then false
            when 'disable_account' then account_status = 'disabled'
            when 'delete_account' then not is_account_known
            else not is_held and dangling_because is null
        end as is_met,
        case
            when action = 'revoke' and is_direct and is_inherited
                then
                    'the access stays: it is also held through '
                    || held_through
        end as residual
    from joined

)

select
    *,
    {{ blocked_because() }} as blocked_because
from with_channel
