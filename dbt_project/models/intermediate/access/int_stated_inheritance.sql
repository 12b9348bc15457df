with

grants as not materialized ({{ union_sources('grants') }}),

entitlements as (

    select
        entitlement_id,
        coalesce(display_name, entitlement_id) as name
    from {{ ref('int_entitlements') }}

),

inherited as (

    select * from grants
    where is_inherited and inherited_through is not null

),

-- Only those that something is inherited through, of all direct grants. With
-- `coalesce`, DuckDB looks them up in the few others, not the other way round.
direct as (

    select account_id, entitlement_id
    from grants
    where
        not is_inherited
        and scope_id is null
        and coalesce(
            entitlement_id in (select inherited_through from inherited), false
        )

),

stated as (

    select distinct
        inherited.source_name,
        inherited.account_id,
        inherited.inherited_through as held_entitlement_id,
        inherited.entitlement_id,
        inherited.scope_type,
        inherited.scope_id,
        inherited.scope_name,
        1 as steps,
        held.name || ' > ' || coalesce(reached.name, inherited.entitlement_id)
            as access_path

    from inherited

    semi join direct
        on
            inherited.account_id = direct.account_id
            and inherited.inherited_through = direct.entitlement_id

    join entitlements as held
        on inherited.inherited_through = held.entitlement_id

    left join entitlements as reached
        on inherited.entitlement_id = reached.entitlement_id

)

select * from stated
