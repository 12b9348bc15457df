with

changes as (

    select * from {{ ref('int_changes_to_follow') }}
    -- A created account is found by its person; without one nothing is checked
    where action <> 'create_account' or person_id <> ''

),

grants_history as not materialized (

    select * from {{ ref('grants_history') }}

),

-- The grants that a narrowed read no longer asks for: such a run checks nothing
unread_grants as (

    select
        grant_id,
        last_read_at
    from grants_history
    where valid_to is null and last_read_at is not null

),

-- A grant listed without its account or its entitlement is not gone
dangling_grants as (

    select * from {{ ref('dangling_grants') }}
    where is_direct

),

accounts_history as (

    select * from {{ ref('accounts_history') }}

),

runs as (

    select
        *,
        max(started_at) over (partition by run_id) as sync_at
    from {{ source('rollcall', 'runs') }}

),

-- The times in which the grant or the account existed. A grant that is only
-- inherited counts as gone: a revoke cannot take more away.
spells as (

    select
        changes.wanted_change_id,
        grants_history.valid_from,
        grants_history.valid_to

    from changes

    join grants_history on changes.grant_id = grants_history.grant_id

    where changes.action = 'grant' or grants_history.is_direct

    union all

    select
        changes.wanted_change_id,
        '-infinity'::timestamptz as valid_from,
        null as valid_to

    from changes

    join dangling_grants on changes.grant_id = dangling_grants.grant_id

    where changes.action <> 'grant'

    union all

    select
        changes.wanted_change_id,
        accounts_history.valid_from,
        accounts_history.valid_to

    from changes

    join accounts_history on changes.account_id = accounts_history.account_id

    where
        changes.action = 'delete_account'
        or (
            changes.action = 'disable_account'
            and accounts_history.status <> 'disabled'
        )

    union all

    select
        changes.wanted_change_id,
        accounts_history.valid_from,
        accounts_history.valid_to

    from changes

    join accounts_history
        on
            changes.person_id = accounts_history.person_id
            and changes.source_name = accounts_history.source_name

    where changes.action = 'create_account'

),

later_runs as (

    select
        changes.wanted_change_id,
        changes.action in ('grant', 'create_account') as is_addition,
        runs.run_id,
        runs.started_at,
        runs.sync_at

    from changes

    join runs
        on
            changes.source_name = runs.source_name
            -- A file that is older than the change cannot show its effect
            and changes.followed_from
            < least(runs.data_as_of, runs.started_at)

    left join unread_grants on changes.grant_id = unread_grants.grant_id

    where
        runs.status = 'complete'
        and coalesce(runs.started_at <= unread_grants.last_read_at, true)

),

checks as (

    select
        later_runs.wanted_change_id,
        later_runs.run_id,
        later_runs.started_at,
        (count(spells.wanted_change_id) > 0) = later_runs.is_addition
            as is_right

    from later_runs

    left join spells
        on
            later_runs.wanted_change_id = spells.wanted_change_id
            and spells.valid_from <= later_runs.sync_at
            and coalesce(spells.valid_to > later_runs.sync_at, true)

    group by
        later_runs.wanted_change_id,
        later_runs.run_id,
        later_runs.started_at,
        later_runs.is_addition

)

select
    *,
    coalesce(
        lag(is_right) over (
            partition by wanted_change_id order by started_at, run_id
        ),
        false
    ) as was_right
from checks
