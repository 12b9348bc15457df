with

wanted as (

    select
        wanted_change_id,
        action,
        source_name,
        person_id,
        account_id,
        grant_id,
        wanted_at
    from {{ ref('int_wanted_change_states') }}

),

-- A change that was tried and is no longer wanted is checked as well
applied as (

    select distinct on (wanted_change_id)
        wanted_change_id,
        asks_for as action,
        source_name,
        person_id,
        account_id,
        grant_id,
        known_at as wanted_at
    from {{ ref('int_applied_changes') }}
    where action not in ('comment_ticket', 'close_ticket', 'reopen_ticket')
    order by wanted_change_id, known_at

),

asked_for as (

    select * from wanted
    union all
    select * from applied
    where wanted_change_id not in (select wanted_change_id from wanted)

),

first_tried as (

    select
        wanted_change_id,
        min(known_at) as known_at
    from {{ ref('int_applied_changes') }}
    group by wanted_change_id

),

grants_history as (

    select * from {{ ref('grants_history') }}

),

-- What is listed without its account or entitlement has not gone
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

-- Since when and until when each thing was there that is to go, or to come. A
-- grant that is only inherited has gone, as far as it could be taken away.
spells as (

    select asked_for.wanted_change_id, grants_history.valid_from, grants_history.valid_to

    from asked_for

    join grants_history on asked_for.grant_id = grants_history.grant_id

    where asked_for.action = 'grant' or grants_history.is_direct

    union all

    select
        asked_for.wanted_change_id,
        '-infinity'::timestamptz as valid_from,
        null as valid_to

    from asked_for

    join dangling_grants on asked_for.grant_id = dangling_grants.grant_id

    where asked_for.action <> 'grant'

    union all

    select
        asked_for.wanted_change_id,
        accounts_history.valid_from,
        accounts_history.valid_to

    from asked_for

    join accounts_history on asked_for.account_id = accounts_history.account_id

    where
        asked_for.action = 'delete_account'
        or (
            asked_for.action = 'disable_account'
            and accounts_history.status <> 'disabled'
        )

    union all

    select
        asked_for.wanted_change_id,
        accounts_history.valid_from,
        accounts_history.valid_to

    from asked_for

    join accounts_history
        on
            asked_for.person_id = accounts_history.person_id
            and asked_for.source_name = accounts_history.source_name

    where asked_for.action = 'create_account'

),

runs_since as (

    select
        asked_for.wanted_change_id,
        asked_for.action in ('grant', 'create_account') as is_to_come,
        runs.run_id,
        runs.started_at,
        runs.sync_at

    from asked_for

    left join first_tried on asked_for.wanted_change_id = first_tried.wanted_change_id

    join runs
        on
            asked_for.source_name = runs.source_name
            and runs.started_at
            > least(asked_for.wanted_at, first_tried.known_at)

    where
        runs.status = 'complete'
        and (asked_for.action <> 'create_account' or asked_for.person_id <> '')

),

judged as (

    select
        runs_since.wanted_change_id,
        runs_since.run_id,
        runs_since.started_at,
        (count(spells.wanted_change_id) > 0) = runs_since.is_to_come as is_right

    from runs_since

    left join spells
        on
            runs_since.wanted_change_id = spells.wanted_change_id
            and spells.valid_from <= runs_since.sync_at
            and coalesce(spells.valid_to > runs_since.sync_at, true)

    group by
        runs_since.wanted_change_id,
        runs_since.run_id,
        runs_since.started_at,
        runs_since.is_to_come

)

select
    *,
    coalesce(
        lag(is_right) over (partition by wanted_change_id order by started_at), false
    ) as was_right
from judged
