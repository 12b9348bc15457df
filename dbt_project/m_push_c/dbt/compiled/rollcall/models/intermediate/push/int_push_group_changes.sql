with

groups as (

    select
        *,
        target || '/groups/' || rule_id as reason_id,
        'rule groups.' || rule_id as reason
    from "access"."intermediate"."int_push_groups"
    where state <> 'orphaned'

),

members as (

    select * from "access"."intermediate"."int_push_members"
    where state in ('to_add', 'to_remove', 'blocked') and is_own_reason

),

grants as (

    select grant_id, source_grant_id from "access"."main"."grants"

),

whole_groups as (

    select
        target as source_name,
        entitlement_id,
        case
            when entitlement_id is null then 'create_group'
            when state = 'to_rename' or current_name <> name
                then 'rename_group'
            else 'grant'
        end as action,
        name as resource_name,
        reason_id,
        reason,
        case
            when state = 'to_rename'
                then
                    json_object(
                        'name', current_name, 'description', current_description
                    )
        end::varchar as expected_state,
        case
            when state in ('to_create', 'to_rename')
                then
                    json_object('name', name, 'description', wanted_description)
        end::varchar as wanted_state,
        why as blocked_because
    from groups
    where
        state in ('to_create', 'to_rename', 'blocked')
        -- Each member says so, because a person may decide that all of them go
        and not coalesce(
            why = 'it gives nobody' and entitlement_id is not null, false
        )

),

-- A group that is created first gets its members in the next round
memberships as (

    select
        members.target as source_name,
        members.person_id,
        members.account_id,
        members.entitlement_id,
        members.account_id || '/' || members.entitlement_id as grant_id,
        grants.source_grant_id,
        case when members.is_held then 'revoke' else 'grant' end as action,
        groups.reason_id,
        groups.reason,
        json_object('is_held', members.is_held)::varchar as expected_state,
        json_object('is_held', not members.is_held)::varchar as wanted_state,
        members.why as blocked_because

    from members

    join groups
        on
            members.target = groups.target
            and members.rule_id = groups.rule_id

    left join grants
        on
            members.account_id || '/' || members.entitlement_id
            = grants.grant_id

    where members.entitlement_id is not null

)

select * from whole_groups
union all by name
select * from memberships