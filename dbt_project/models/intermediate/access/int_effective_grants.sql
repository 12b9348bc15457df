with

grants as not materialized ({{ union_sources('grants') }}),

-- To look for the few grants that are listed more than once takes less than to
-- put all into groups. Two grants with the same hash only take the longer way.
listed_more_than_once as (

    select hash(account_id, entitlement_id, scope_id) as grant_hash
    from grants
    group by grant_hash
    having count(*) > 1

),

closure as (

    select
        row_number() over (
            order by held_entitlement_id, entitlement_id, scope_id
        ) as way,
        *
    from {{ ref('int_entitlement_closure') }}

),

stated as (

    select
        (select count(*) from closure) + dense_rank() over (
            order by
                held_entitlement_id,
                entitlement_id,
                scope_id,
                scope_type,
                scope_name,
                access_path
        ) as way,
        *
    from {{ ref('int_stated_inheritance') }}

),

-- The ways in which an entitlement is inherited from another. If the origin is
-- not known, the way has a negative number.
ways as (

    select * from closure
    union all
    select -way, * exclude (way) replace (null as held_entitlement_id)
    from closure
    union all
    select distinct * exclude (source_name, account_id) from stated

),

accounts as (

    select account_id from {{ ref('int_accounts_matched_to_people') }}

),

entitlements as (

    select entitlement_id from {{ ref('int_entitlements') }}

),

listed_once as (

    select
        source_name,
        account_id,
        entitlement_id,
        scope_type,
        scope_id,
        scope_name,
        not is_inherited as is_direct,
        is_inherited,
        -- The date of an inherited grant belongs to another grant
        case when not is_inherited then source_grant_id end as source_grant_id,
        case when not is_inherited then granted_at end as granted_at,
        case when not is_inherited then granted_by end as granted_by,
        case when not is_inherited then is_read_only end as is_read_only,
        last_read_at

    from grants

    anti join listed_more_than_once
        on hash(account_id, entitlement_id, scope_id) = grant_hash

),

put_together as (

    select
        source_name,
        account_id,
        entitlement_id,
        scope_type,
        scope_id,
        max(scope_name) as scope_name,
        bool_or(not is_inherited) as is_direct,
        bool_or(is_inherited) as is_inherited,
        min(source_grant_id) filter (not is_inherited) as source_grant_id,
        min(granted_at) filter (not is_inherited) as granted_at,
        arg_min_null(granted_by, granted_at) filter (not is_inherited)
            as granted_by,
        bool_or(is_read_only) filter (not is_inherited) as is_read_only,
        case
            when bool_and(last_read_at is not null) then max(last_read_at)
        end as last_read_at

    from grants

    semi join listed_more_than_once
        on hash(account_id, entitlement_id, scope_id) = grant_hash

    group by source_name, account_id, entitlement_id, scope_type, scope_id

),

-- The grants that the sources list, without duplicates
listed as (

    select * from listed_once
    union all
    select * from put_together

),

-- The direct grants that access follows from
held_directly as (

    select distinct
        grants.source_name,
        grants.account_id,
        grants.entitlement_id

    from grants

    semi join closure on grants.entitlement_id = closure.held_entitlement_id

    where not grants.is_inherited and grants.scope_id is null

),

held_ways as (

    select
        held_directly.source_name,
        held_directly.account_id,
        closure.entitlement_id,
        closure.scope_id,
        closure.way

    from held_directly

    join closure on held_directly.entitlement_id = closure.held_entitlement_id

),

-- The access that follows from a grant that a source calls inherited without
-- naming its origin
unexplained_ways as (

    select
        unexplained.source_name,
        unexplained.account_id,
        closure.entitlement_id,
        closure.scope_id,
        -closure.way as way

    from (
        select distinct
            grants.source_name,
            grants.account_id,
            grants.entitlement_id

        from grants

        semi join closure on grants.entitlement_id = closure.held_entitlement_id

        anti join held_directly
            on
                grants.account_id = held_directly.account_id
                and grants.entitlement_id = held_directly.entitlement_id

        anti join held_ways
            on
                grants.account_id = held_ways.account_id
                and grants.entitlement_id = held_ways.entitlement_id
                and held_ways.scope_id is null

        where grants.is_inherited and grants.scope_id is null
    ) as unexplained

    join closure on unexplained.entitlement_id = closure.held_entitlement_id

),

implied_ways as (

    select
        max(source_name) as source_name,
        account_id,
        entitlement_id,
        scope_id,
        list_sort(list(way)) as ways
    from (
        select * from held_ways
        union all
        select * from unexplained_ways
        union all
        select source_name, account_id, entitlement_id, scope_id, way
        from stated
    )
    group by account_id, entitlement_id, scope_id

),

-- Many accounts inherit an entitlement in the same ways: their texts are put
-- together once
sets_of_ways as (

    select
        sets.ways,
        max(ways.scope_type) as scope_type,
        max(ways.scope_name) as scope_name,
        list_sort(list_distinct(
            list(ways.held_entitlement_id)
                filter (ways.held_entitlement_id is not null)
        )) as inherited_from,
        min_by(ways.access_path, (ways.steps, ways.access_path)) as access_path,
        array_to_string(
            list_sort(list_distinct(list(ways.access_path))), '; '
        ) as access_paths

    from (
        select ways, unnest(ways) as way
        from (select distinct ways from implied_ways)
    ) as sets

    join ways on sets.way = ways.way

    group by sets.ways

),

implied as (

    select implied_ways.*, sets_of_ways.* exclude (ways)

    from implied_ways

    join sets_of_ways on implied_ways.ways = sets_of_ways.ways

),

effective as (

    select
        coalesce(listed.source_name, implied.source_name) as source_name,
        coalesce(listed.account_id, implied.account_id) as account_id,
        coalesce(listed.entitlement_id, implied.entitlement_id)
            as entitlement_id,
        coalesce(listed.scope_type, implied.scope_type) as scope_type,
        coalesce(listed.scope_id, implied.scope_id) as scope_id,
        coalesce(listed.scope_name, implied.scope_name) as scope_name,
        coalesce(listed.is_direct, false) as is_direct,
        coalesce(listed.is_inherited, false)
        or implied.account_id is not null as is_inherited,
        coalesce(implied.inherited_from, []) as inherited_from,
        implied.access_path,
        implied.access_paths,
        listed.source_grant_id,
        listed.granted_at,
        listed.granted_by,
        listed.is_read_only,
        listed.last_read_at,
        listed.account_id is not null as is_listed

    from listed

    full join implied
        on
            listed.account_id = implied.account_id
            and listed.entitlement_id = implied.entitlement_id
            and listed.scope_id is not distinct from implied.scope_id

),

-- A join would build on the grants, of which DuckDB expects fewer than accounts
with_reasons as (

    select
        *,
        coalesce(account_id in (select account_id from accounts), false)
            as has_account,
        coalesce(
            entitlement_id in (select entitlement_id from entitlements), false
        ) as has_entitlement
    from effective

)

select
    * exclude (has_account, has_entitlement),
    case
        when has_account and has_entitlement then null
        when has_account then 'the source has no such entitlement'
        when has_entitlement then 'the source has no such account'
        else
            'the source has no such account,'
            || ' the source has no such entitlement'
    end as dangling_reason
from with_reasons
