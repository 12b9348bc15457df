with

wanted as (

    select * from "access"."intermediate"."int_wanted_change_states"
    where not is_met

),

last_administrators as (

    select * from "access"."intermediate"."int_last_administrators"

),

-- While no complete sync has checked an applied change, a new plan would repeat
-- it. A ticket is under way for as long as its change is wanted. A change that
-- was checked and is still wanted begins another round, with another id.
applied as (

    select
        wanted_change_id,
        bool_or(outcome = 'ticketed' or not is_checked) as is_under_way,
        count(*) filter (outcome <> 'ticketed' and is_checked) as rounds
    from "access"."intermediate"."int_applied_changes"
    where outcome in ('done', 'already', 'ticketed')
    group by wanted_change_id

),

-- One change per action and access, for the first of its reasons
open_changes as (

    select
        wanted.* replace (
            nullif(trim(concat_ws(
                '; ',
                wanted.blocked_because,
                'last administrator: no enabled account would hold '
                || last_administrators.entitlement_name
            ), '	
                  　'), '') as blocked_because
        ),
        coalesce(applied.is_under_way, false) as is_under_way,
        coalesce(applied.rounds, 0) as rounds

    from wanted

    left join applied on wanted.wanted_change_id = applied.wanted_change_id

    left join last_administrators
        on wanted.wanted_change_id = last_administrators.wanted_change_id

    qualify
        row_number() over (
            partition by
                wanted.action, wanted.account_id, wanted.entitlement_id,
                wanted.scope_id, blocked_because,
                case
                    when wanted.account_id is null then wanted.wanted_change_id
                end
            order by
                is_under_way desc, wanted.reason_kind, wanted.wanted_change_id
        ) = 1

)

select
    * replace (
        case when channel = 'ticket' then 'open_ticket' else action end
        as action
    ),
    action as asks_for,
    sha256(wanted_change_id || '|' || rounds) as change_id,
    case when channel = 'ticket' then action end as wanted_action
from open_changes
where not is_under_way

union all by name

select
    * exclude (blocked_because),
    'ticket' as channel,
    action as asks_for
from "access"."intermediate"."int_ticket_changes"