



with

current_rows as (

    select * from "access"."intermediate"."int_findings" where true

),



open_versions as (

    select * from "access"."main"."findings_history" where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, (select max(started_at) from main.runs)
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.finding_id = open_versions.finding_id

    where
        open_versions.finding_id is null
        or row(
            current_rows.finding_type,
            current_rows.severity,
            current_rows.title,
            current_rows.source_name,
            current_rows.person_id,
            current_rows.account_id,
            current_rows.entitlement_id,
            current_rows.scope_id
        ) is distinct from row(
            open_versions.finding_type,
            open_versions.severity,
            open_versions.title,
            open_versions.source_name,
            open_versions.person_id,
            open_versions.account_id,
            open_versions.entitlement_id,
            open_versions.scope_id
        )

),

to_close as (

    select open_versions.* replace ((select max(started_at) from main.runs) as valid_to)

    from open_versions

    left join current_rows on open_versions.finding_id = current_rows.finding_id

    left join to_open on open_versions.finding_id = to_open.finding_id

    where
        current_rows.finding_id is null
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.finding_id is not null
            and open_versions.valid_from < (select max(started_at) from main.runs)
        )

),



opened as (

    select
        finding_id || '@' || epoch_us((select max(started_at) from main.runs)) as history_id,
        finding_id,
        finding_type,
        severity,
        title,
        evidence,
        source_name,
        person_id,
        account_id,
        entitlement_id,
        scope_id,
        first_seen_at,
        (select max(started_at) from main.runs) as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
union all by name
select * from to_close

