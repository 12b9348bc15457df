{#- Ephemeral: to write all memberships once more would take as long as to find
    them -#}
{{ config(materialized='ephemeral') }}

with

group_members as (

    select
        id,
        from_json(
            payload, '{"direct": ["varchar"], "all": ["varchar"]}'
        ) as members
    from {{ source('pingone', 'group_members') }}

),

user_memberships as (

    select
        id,
        unnest(
            from_json(
                payload,
                '{"memberships": [{"id": "varchar", "type": "varchar"}]}'
            ).memberships
        ) as membership
    from {{ source('pingone', 'user_memberships') }}

),

groups as (

    select * from {{ ref('base_pingone__groups') }}

),

nestings as (

    select * from {{ ref('base_pingone__nestings') }}

),

listed as (

    select unnest(members.direct) as user_id, id as group_id, true as is_direct
    from group_members

    union all

    select unnest(members."all") as user_id, id as group_id, false as is_direct
    from group_members

    union all

    select
        id as user_id,
        membership.id as group_id,
        coalesce(upper(membership.type) <> 'INDIRECT', true) as is_direct
    from user_memberships

),

memberships as (

    select user_id, group_id, bool_or(is_direct) as is_direct
    from listed
    where user_id is not null and group_id is not null
    group by user_id, group_id

),

-- `union` ends the recursion for groups that are nested in a circle
nested_in as (

    with recursive nested_in as (

        select child_id, parent_id from nestings

        union

        select nested_in.child_id, nestings.parent_id

        from nested_in

        join nestings on nested_in.parent_id = nestings.child_id

    )

    select * from nested_in

),

in_rule_managed_groups as (

    select memberships.user_id, memberships.group_id

    from memberships

    join groups on memberships.group_id = groups.id

    where not memberships.is_direct and groups.is_rule_managed

),

-- A member of a group that is nested in this one. Where two groups are nested
-- in each other, only direct membership of the other group counts.
explained_by_nesting as (

    select distinct
        in_rule_managed_groups.user_id,
        in_rule_managed_groups.group_id

    from in_rule_managed_groups

    join nested_in on in_rule_managed_groups.group_id = nested_in.parent_id

    join memberships
        on
            nested_in.child_id = memberships.group_id
            and in_rule_managed_groups.user_id = memberships.user_id

    left join nested_in as nested_back
        on
            nested_in.child_id = nested_back.parent_id
            and nested_in.parent_id = nested_back.child_id

    where
        memberships.is_direct
        or nested_back.child_id is null

),

by_rule as (

    select * from in_rule_managed_groups

    except

    select * from explained_by_nesting

),

with_rules as (

    select
        memberships.user_id,
        memberships.group_id,
        memberships.is_direct or by_rule.user_id is not null as is_direct

    from memberships

    left join by_rule
        on
            memberships.user_id = by_rule.user_id
            and memberships.group_id = by_rule.group_id

)

-- Sorted here, where a row is shortest, so that the grants of one account are
-- found in each table of grants without reading all others
select * from with_rules
order by user_id
