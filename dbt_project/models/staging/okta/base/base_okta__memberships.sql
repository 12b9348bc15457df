with

users as (

    select * from {{ ref('base_okta__users') }}

),

groups as (

    select * from {{ ref('base_okta__groups') }}

),

listed as (

    select
        unnest(from_json(payload->'members', '["varchar"]')) as user_id,
        id as group_id
    from {{ source('okta', 'group_members') }}

),

-- Okta puts every user into the group Everyone, and takes a deactivated user
-- out. The members of this group are never read.
memberships as (

    select user_id, group_id from listed
    where user_id is not null

    union

    select users.id as user_id, groups.id as group_id

    from users

    join groups on groups.is_everyone

    where not users.is_deprovisioned

)

-- Sorted, so that the grants of one account are found in each table of grants
-- without reading all others
select * from memberships
order by user_id
