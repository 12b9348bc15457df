



with

current_rows as (

    select * from "access"."intermediate"."int_effective_grants" where dangling_reason is null

),



open_versions as (

    select * from "access"."main"."grants_history" where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, (select max(started_at) from main.runs)
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.grant_id = open_versions.grant_id

    where
        open_versions.grant_id is null
        or row(
            current_rows.source_name,
            current_rows.account_id,
            current_rows.entitlement_id,
            current_rows.scope_type,
            current_rows.scope_id,
            current_rows.is_direct,
            current_rows.is_inherited,
            current_rows.inherited_from,
            current_rows.source_grant_id
        ) is distinct from row(
            open_versions.source_name,
            open_versions.account_id,
            open_versions.entitlement_id,
            open_versions.scope_type,
            open_versions.scope_id,
            open_versions.is_direct,
            open_versions.is_inherited,
            open_versions.inherited_from,
            open_versions.source_grant_id
        )

),

to_close as (

    select open_versions.* replace ((select max(started_at) from main.runs) as valid_to)

    from open_versions

    left join current_rows on open_versions.grant_id = current_rows.grant_id

    left join to_open on open_versions.grant_id = to_open.grant_id

    where
        current_rows.grant_id is null
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.grant_id is not null
            and open_versions.valid_from < (select max(started_at) from main.runs)
        )

),

refreshed as (

    select
        open_versions.* exclude (last_read_at),
        current_rows.last_read_at

    from open_versions

    join current_rows on open_versions.grant_id = current_rows.grant_id

    anti join to_open on open_versions.grant_id = to_open.grant_id

    where
        open_versions.last_read_at
        is distinct from current_rows.last_read_at

),



opened as (

    select
        grant_id || '@' || epoch_us((select max(started_at) from main.runs)) as history_id,
        grant_id,
        source_name,
        account_id,
        entitlement_id,
        scope_type,
        scope_id,
        scope_name,
        is_direct,
        is_inherited,
        inherited_from,
        access_path,
        source_grant_id,
        granted_at,
        last_read_at,
        first_seen_at,
        (select max(started_at) from main.runs) as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
union all by name
select * from to_close
union all by name
select * from refreshed

