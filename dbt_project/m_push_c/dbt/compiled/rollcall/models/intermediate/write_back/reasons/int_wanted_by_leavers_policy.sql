with

today as (select ((select max(started_at) from main.runs) at time zone 'UTC')::date as on_day),

people as (

    select * from "access"."main"."people"
    where employment_status = 'leaver'

),

accounts as (

    select * from "access"."main"."accounts"

),

source_states as (

    select * from "access"."main"."source_states"

),

leavers_policy as (

    select * from "access"."policy"."leavers"

),

leavers as (

    select
        accounts.account_id,
        accounts.source_name,
        accounts.status,
        people.person_id,
        people.ended_on,
        today.on_day - people.ended_on as days,
        leavers_policy.disable_after_days,
        leavers_policy.delete_after_days,
        accounts.source_name = people.source_name as is_hr_record,
        case
            when accounts.account_type = 'service'
                then 'service account: other systems may depend on it'
            when source_states.is_stale
                then
                    'the last sync of ' || people.source_name || ' was not'
                    || ' complete: they may be back'
        end as refused_because

    from accounts

    join people on accounts.person_id = people.person_id

    join source_states on people.source_name = source_states.source_name

    cross join leavers_policy

    cross join today

),

-- A leaver without a last day left long enough ago to be disabled
to_disable as (

    select
        'disable_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + disable_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        'left' || coalesce(' on ' || ended_on, '') || '; to be disabled after '
        || disable_after_days || ' days' as reason,
        refused_because
    from leavers
    where
        disable_after_days = 0
        or coalesce(days > disable_after_days, disable_after_days is not null)

),

-- Without a last day there is no date after which to delete, and the person's
-- own record in the HR system is no account to delete
to_delete as (

    select
        'delete_account' as action,
        source_name,
        person_id,
        account_id,
        (ended_on + delete_after_days + 1)::timestamp at time zone 'UTC'
            as wanted_at,
        'left on ' || ended_on || '; to be deleted after ' || delete_after_days
        || ' days' as reason,
        coalesce(
            refused_because,
            case
                when status <> 'disabled' and disable_after_days is not null
                    then 'it is to be seen disabled first'
            end
        ) as refused_because
    from leavers
    where days > delete_after_days and not is_hr_record

)

select
    'leaver' as reason_kind,
    person_id as reason_id,
    *,
    wanted_at as due_at
from (
    select * from to_disable
    union all
    select * from to_delete
)