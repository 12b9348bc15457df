with

changes as (

    select wanted_change_id, wanted_at from "access"."intermediate"."int_changes_to_follow"

),

attempts as (

    select wanted_change_id, applied_at from "access"."intermediate"."int_change_attempts"

),

checks as (

    select * from "access"."intermediate"."int_change_checks"

),

-- A change that was carried out is proven by the syncs after that, any other
-- change by the syncs after it was asked for
dated as (

    select
        checks.*,
        coalesce(
            checks.started_at
            > coalesce(attempts.applied_at, changes.wanted_at),
            false
        ) as is_proof

    from checks

    join changes on checks.wanted_change_id = changes.wanted_change_id

    left join attempts on checks.wanted_change_id = attempts.wanted_change_id

)

-- Runs follow each other as in source_states, also where a clock stood still
select
    wanted_change_id,
    count(*) filter (is_proof) as runs,
    max(started_at) filter (is_proof) as last_run_at,
    arg_max(is_right, (started_at, run_id)) filter (is_proof) as is_right_now,
    min_by(run_id, (started_at, run_id)) filter (is_proof and is_right)
        as right_run_id,
    min(started_at) filter (is_proof and is_right) as right_at,
    max_by(run_id, (started_at, run_id)) filter (was_right and not is_right)
        as regranted_run_id,
    max(started_at) filter (was_right and not is_right) as regranted_at
from dated
group by wanted_change_id