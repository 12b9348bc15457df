



with

current_rows as (

    select * from "access"."intermediate"."int_accounts_matched_to_people" where true

),



open_versions as (

    select * from "access"."main"."accounts_history" where valid_to is null

),

to_open as (

    select
        current_rows.*,
        coalesce(
            open_versions.first_seen_at, (select max(started_at) from main.runs)
        ) as first_seen_at

    from current_rows

    left join open_versions on current_rows.account_id = open_versions.account_id

    where
        open_versions.account_id is null
        or row(
            current_rows.source_name,
            current_rows.source_account_id,
            current_rows.account_type,
            current_rows.display_name,
            current_rows.username,
            current_rows.email,
            current_rows.employee_number,
            current_rows.status,
            current_rows.source_status,
            current_rows.mfa_enabled,
            current_rows.created_at,
            current_rows.person_id,
            current_rows.match_rule
        ) is distinct from row(
            open_versions.source_name,
            open_versions.source_account_id,
            open_versions.account_type,
            open_versions.display_name,
            open_versions.username,
            open_versions.email,
            open_versions.employee_number,
            open_versions.status,
            open_versions.source_status,
            open_versions.mfa_enabled,
            open_versions.created_at,
            open_versions.person_id,
            open_versions.match_rule
        )

),

to_close as (

    select open_versions.* replace ((select max(started_at) from main.runs) as valid_to)

    from open_versions

    left join current_rows on open_versions.account_id = current_rows.account_id

    left join to_open on open_versions.account_id = to_open.account_id

    where
        current_rows.account_id is null
        -- A version that began in the same sync is replaced, not closed
        or (
            to_open.account_id is not null
            and open_versions.valid_from < (select max(started_at) from main.runs)
        )

),



opened as (

    select
        account_id || '@' || epoch_us((select max(started_at) from main.runs)) as history_id,
        account_id,
        source_name,
        source_account_id,
        account_type,
        display_name,
        username,
        email,
        employee_number,
        status,
        source_status,
        mfa_enabled,
        reports_logins,
        last_login_at,
        created_at,
        updated_at,
        person_id,
        match_rule,
        first_seen_at,
        (select max(started_at) from main.runs) as valid_from,
        null::timestamptz as valid_to
    from to_open

)

select * from opened
union all by name
select * from to_close

