with

roles as (

    select * from {{ ref('base_haloitsm__roles') }}

),

rows_of_roles as (

    select id as role_id, unnest(team_rows) as team_row from roles

),

role_teams as (

    select
        role_id,
        {{ set_key('team_row.team_id') }} as team_id,
        coalesce(team_row.in_section, true) as is_member,
        coalesce(team_row.is_manager, false) as is_manager
    from rows_of_roles
    where {{ set_key('team_row.team_id') }} is not null

)

select * from role_teams
