with

grants as (
    select
        'charthop' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_charthop__grants"
    union all
    select
        source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_declared__grants"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_haloitsm__grants"
    union all
    select
        'okta' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_okta__grants"
    union all
    select
        'pingone' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_pingone__grants"
    

),

closure as (

    select * from "access"."intermediate"."int_entitlement_closure"

),

accounts as (

    select account_id from "access"."intermediate"."int_accounts_matched_to_people"

),

entitlements as (

    select entitlement_id from "access"."intermediate"."int_entitlements"

),

-- The grants that the sources list, without duplicates
listed as (

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
        -- The date of an inherited grant belongs to another grant
        min(granted_at) filter (not is_inherited) as granted_at,
        arg_min_null(granted_by, granted_at) filter (not is_inherited)
            as granted_by,
        bool_or(is_read_only) filter (not is_inherited) as is_read_only,
        case
            when bool_and(last_read_at is not null) then max(last_read_at)
        end as last_read_at
    from grants
    group by source_name, account_id, entitlement_id, scope_type, scope_id

),

-- The access that follows from a direct grant
implied_by_direct as (

    select
        listed.source_name,
        listed.account_id,
        listed.entitlement_id as held_entitlement_id,
        closure.* exclude (held_entitlement_id)

    from listed

    join closure on listed.entitlement_id = closure.held_entitlement_id

    where listed.is_direct and listed.scope_id is null

),

-- The access that follows from a grant that a source calls inherited without
-- naming its origin
implied_by_unexplained as (

    select
        listed.source_name,
        listed.account_id,
        null as held_entitlement_id,
        closure.* exclude (held_entitlement_id)

    from listed

    join closure on listed.entitlement_id = closure.held_entitlement_id

    left join implied_by_direct
        on
            listed.account_id = implied_by_direct.account_id
            and listed.entitlement_id = implied_by_direct.entitlement_id
            and implied_by_direct.scope_id is null

    where
        not listed.is_direct
        and listed.scope_id is null
        and implied_by_direct.account_id is null

),

implied as (

    select
        source_name,
        account_id,
        entitlement_id,
        scope_type,
        scope_id,
        max(scope_name) as scope_name,
        list_sort(
            list(distinct held_entitlement_id)
            filter (held_entitlement_id is not null)
        ) as inherited_from,
        min_by(access_path, (steps, access_path)) as access_path,
        string_agg(distinct access_path, '; ' order by access_path)
            as access_paths
    from (
        select * from implied_by_direct
        union all
        select * from implied_by_unexplained
        union all
        select * from "access"."intermediate"."int_stated_inheritance"
    )
    group by source_name, account_id, entitlement_id, scope_type, scope_id

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
        listed.last_read_at

    from listed

    full join implied
        on
            listed.account_id = implied.account_id
            and listed.entitlement_id = implied.entitlement_id
            and listed.scope_id is not distinct from implied.scope_id

),

with_reasons as (

    select
        effective.account_id || '/' || effective.entitlement_id
        || coalesce('/' || effective.scope_id, '') as grant_id,
        effective.*,
        nullif(trim(concat_ws(
            ', ',
            case
                when accounts.account_id is null
                    then 'the source has no such account'
            end,
            case
                when entitlements.entitlement_id is null
                    then 'the source has no such entitlement'
            end
        ), '	
                  　'), '') as dangling_reason

    from effective

    left join accounts on effective.account_id = accounts.account_id

    left join entitlements
        on effective.entitlement_id = entitlements.entitlement_id

)

select * from with_reasons