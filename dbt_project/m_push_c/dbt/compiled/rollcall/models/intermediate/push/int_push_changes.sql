with

wanted as (

    select
        *,
        concat_ws(
        '|', action, reason_id,
        case
            when action = 'create_account' then person_id
            when action not in ('create_group', 'rename_group') then account_id
        end
    ) as subject
    from (
        select * from "access"."intermediate"."int_push_account_changes"
        union all by name
        select * from "access"."intermediate"."int_push_group_changes"
    )

),

source_states as (

    select * from "access"."main"."source_states"

),

-- While no complete sync has checked what was done to an account or a group, a
-- new plan would repeat it. What was checked begins another round: two changes
-- to the same value at different times have different ids.
applied as (

    select
        concat_ws(
        '|', action, reason_id,
        case
            when action = 'create_account' then person_id
            when action not in ('create_group', 'rename_group') then account_id
        end
    ) as subject,
        applied_changes.source_name,
        bool_or(
            not coalesce(
                source_states.data_as_of > applied_changes.known_at, false
            )
        ) as is_under_way,
        count(*) as rounds

    from "access"."main"."applied_changes" as applied_changes

    left join source_states
        on applied_changes.source_name = source_states.source_name

    where
        applied_changes.reason_kind = 'push'
        and applied_changes.outcome in ('done', 'already')
    group by subject, applied_changes.source_name

)

select
    sha256(concat_ws(
        '|', wanted.subject, wanted.wanted_state, wanted.blocked_because,
        case when wanted.blocked_because is not null then wanted.reason end,
        coalesce(applied.rounds, 0)
    )) as change_id,
    wanted.action,
    'api' as channel,
    wanted.source_name,
    wanted.account_id,
    wanted.entitlement_id,
    wanted.grant_id,
    wanted.source_grant_id,
    wanted.expected_state,
    wanted.wanted_state,
    'push' as reason_kind,
    wanted.reason_id,
    wanted.reason,
    wanted.person_id,
    wanted.resource_name,
    wanted.residual,
    wanted.blocked_because

from wanted

left join applied
    on
        wanted.subject = applied.subject
        and wanted.source_name = applied.source_name

where
    wanted.blocked_because is not null
    or not coalesce(applied.is_under_way, false)