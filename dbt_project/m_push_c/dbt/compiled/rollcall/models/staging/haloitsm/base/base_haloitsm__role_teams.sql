with

roles as (

    select * from "access"."staging"."base_haloitsm__roles"

),

rows_of_roles as (

    select id as role_id, unnest(team_rows) as team_row from roles

),

role_teams as (

    select
        role_id,
        nullif(
        regexp_replace(
            trim(team_row.team_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as team_id,
        coalesce(team_row.in_section, true) as is_member,
        coalesce(team_row.is_manager, false) as is_manager
    from rows_of_roles
    where nullif(
        regexp_replace(
            trim(team_row.team_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) is not null

)

select * from role_teams