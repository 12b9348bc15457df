



with

current_rows as (

    select * from "access"."intermediate"."int_entitlements" where true

),



open_versions as (

    select * from "access"."main"."entitlements_history" where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, (select max(started_at) from main.runs)
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.entitlement_id = open_versions.entitlement_id

    where
        open_versions.entitlement_id is null
        or row(
            current_rows.source_name,
            current_rows.resource_type,
            current_rows.resource_id,
            current_rows.resource_name,
            current_rows.slug,
            current_rows.display_name,
            current_rows.description,
            current_rows.parent_resource_id,
            current_rows.is_privileged,
            current_rows.is_rule_managed
        ) is distinct from row(
            open_versions.source_name,
            open_versions.resource_type,
            open_versions.resource_id,
            open_versions.resource_name,
            open_versions.slug,
            open_versions.display_name,
            open_versions.description,
            open_versions.parent_resource_id,
            open_versions.is_privileged,
            open_versions.is_rule_managed
        )

),

to_close as (

    select open_versions.* replace ((select max(started_at) from main.runs) as valid_to)

    from open_versions

    left join current_rows on open_versions.entitlement_id = current_rows.entitlement_id

    left join to_open on open_versions.entitlement_id = to_open.entitlement_id

    where
        current_rows.entitlement_id is null
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.entitlement_id is not null
            and open_versions.valid_from < (select max(started_at) from main.runs)
        )

),



opened as (

    select
        entitlement_id || '@' || epoch_us((select max(started_at) from main.runs)) as history_id,
        entitlement_id,
        source_name,
        resource_type,
        resource_id,
        resource_name,
        slug,
        display_name,
        description,
        parent_resource_id,
        is_privileged,
        is_rule_managed,
        first_seen_at,
        (select max(started_at) from main.runs) as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
union all by name
select * from to_close

