with

people as (

    select * from "access"."main"."people"
    where employment_status = 'leaver' and ended_on is not null

),

-- The HR record is not a login that can be closed
versions as (

    select
        *,
        lead(valid_from) over account_versions as next_valid_from,
        row_number() over (
            partition by account_id order by valid_from desc
        ) = 1 as is_last,
        min(valid_from) over account_versions as first_valid_from
    from "access"."main"."accounts_history"
    where match_rule is distinct from 'hr_record'
    window account_versions as (partition by account_id order by valid_from)

),

-- The end of the last time in which the account was open
last_open as (

    select
        account_id,
        max(coalesce(valid_to, 'infinity'::timestamptz)) as open_until
    from versions
    where status <> 'disabled'
    group by account_id

),

last_versions as (

    select
        versions.*,
        last_open.open_until

    from versions

    left join last_open on versions.account_id = last_open.account_id

    where versions.is_last

),

clocks as (

    select
        last_versions.account_id,
        last_versions.source_name,
        people.person_id,
        people.full_name,
        people.ended_on,
        -- The end of the last day
        (people.ended_on + 1)::timestamptz as ended_at,
        case
            when last_versions.open_until is null
                then last_versions.first_valid_from
            when isfinite(last_versions.open_until)
                then last_versions.open_until
        end as closed_at,
        last_versions.open_until is not null as was_seen_open

    from last_versions

    join people on last_versions.person_id = people.person_id

)

select
    account_id || '@' || ended_on as exposure_id,
    account_id,
    source_name,
    person_id,
    full_name,
    ended_on,
    ended_at,
    closed_at,
    round(
        greatest(
            epoch(coalesce(closed_at, (select max(started_at) from main.runs))) - epoch(ended_at), 0
        ) / 3600,
        1
    ) as exposure_hours,
    closed_at is null as is_still_open,
    not was_seen_open as is_upper_bound

from clocks