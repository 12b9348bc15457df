with

role_teams as (

    select * from {{ ref('base_haloitsm__role_teams') }}

),

team_rows as (

    select * from {{ ref('base_haloitsm__team_rows') }}

),

-- The teams that a role names, and the teams that agents have through it
given as (

    select role_id, team_id, is_member, is_manager from role_teams

    union

    select role_id, team_id, is_member, is_manager from team_rows
    where role_id is not null

),

implied as (

    select role_id, 'team:' || team_id || ':member' as entitlement
    from given
    where is_member

    union

    select role_id, 'team:' || team_id || ':manager' as entitlement
    from given
    where is_manager

),

implications as (

    select
        'haloitsm:role:' || role_id || ':assigned' as entitlement_id,
        'haloitsm:' || entitlement as implied_entitlement_id,
        null::varchar as scope_type,
        null::varchar as scope_id,
        null::varchar as scope_name
    from implied

)

select * from implications
