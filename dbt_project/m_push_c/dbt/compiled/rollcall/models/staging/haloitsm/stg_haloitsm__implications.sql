with

role_teams as (

    select * from "access"."staging"."base_haloitsm__role_teams"

),

-- Only what the role itself says: the team row of one agent may be a leftover,
-- and holds for that agent alone
implied as (

    select role_id, 'team:' || team_id || ':member' as entitlement
    from role_teams
    where is_member

    union

    select role_id, 'team:' || team_id || ':manager' as entitlement
    from role_teams
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