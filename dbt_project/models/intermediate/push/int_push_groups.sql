with

choices as (

    select * from {{ ref('int_push_group_choices') }}

),

wanted_members as (

    select
        target,
        rule_id,
        count(*) as people
    from {{ source('push', 'wanted_members') }}
    group by target, rule_id

),

holders as (

    select
        entitlement_id,
        count(distinct account_id) as accounts
    from {{ ref('grants') }}
    where entitlement_id in (select entitlement_id from choices)
    group by entitlement_id

),

members as (

    select
        target,
        rule_id,
        count(*) filter (state = 'to_add') as to_add,
        count(*) filter (state = 'to_remove') as to_remove,
        count(*) filter (state = 'blocked') as blocked
    from {{ ref('int_push_members') }}
    group by target, rule_id

),

judged as (

    select
        choices.target,
        choices.rule_id,
        choices.entitlement_id,
        choices.name,
        choices.current_name,
        choices.current_description,
        choices.wanted_description,
        choices.adopts,
        choices.is_orphaned,
        coalesce(holders.accounts, 0) as members,
        coalesce(members.to_add, 0) as to_add,
        coalesce(members.to_remove, 0) as to_remove,
        coalesce(members.blocked, 0) as blocked,
        case
            when choices.is_orphaned then null
            when choices.blocked_because is not null
                then choices.blocked_because
            -- A rule makes no group until it gives somebody, and empties none
            when
                wanted_members.people is null
                and (
                    choices.entitlement_id is null
                    or (choices.removes_members and holders.accounts > 0)
                )
                then 'it gives nobody'
            when choices.current_name <> choices.name
                then choices.name_taken_because
        end as why

    from choices

    left join wanted_members
        on
            choices.target = wanted_members.target
            and choices.rule_id = wanted_members.rule_id

    left join holders on choices.entitlement_id = holders.entitlement_id

    left join members
        on
            choices.target = members.target
            and choices.rule_id = members.rule_id

)

select
    target,
    rule_id,
    entitlement_id,
    name,
    current_name,
    current_description,
    wanted_description,
    case
        when is_orphaned then 'orphaned'
        when why is not null then 'blocked'
        when entitlement_id is null then 'to_create'
        when
            current_name <> name
            or {{ filled('current_description') }}
            is distinct from {{ filled('wanted_description') }}
            then 'to_rename'
        when adopts is not null then 'adopted'
        else 'owned'
    end as state,
    members,
    to_add,
    to_remove,
    blocked,
    why
from judged
