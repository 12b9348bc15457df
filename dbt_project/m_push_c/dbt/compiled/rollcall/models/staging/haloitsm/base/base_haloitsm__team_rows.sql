with

agents as (

    select * from "access"."staging"."base_haloitsm__agents"

),

teams as (

    select
        id,
        from_json(
            payload,
            '{"managers": [{"agent_id": "varchar", "name": "varchar"}]}'
        ).managers as managers
    from "access"."raw_haloitsm"."teams"

),

team_details as (

    select
        id,
        from_json(
            payload,
            '{"agents": [{
                "agent_id": "varchar",
                "agent_name": "varchar",
                "role_id": "varchar",
                "in_section": "boolean",
                "is_manager": "boolean"
            }]}'
        ).agents as agents
    from "access"."raw_haloitsm"."team_details"

),

role_keys as (

    select * from "access"."staging"."base_haloitsm__role_keys"

),

rows_of_agents as (

    select id as agent_id, unnest(team_rows) as team_row from agents

),

rows_of_teams as (

    select id as team_id, unnest(agents) as team_row from team_details

),

managers_of_teams as (

    select id as team_id, unnest(managers) as manager from teams

),

from_rows as (

    select
        agent_id,
        null as agent_name,
        nullif(
        regexp_replace(
            trim(team_row.team_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as team_id,
        nullif(
        regexp_replace(
            trim(team_row.role_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as role_key,
        coalesce(team_row.in_section, true) as is_member,
        coalesce(team_row.is_manager, false) as is_manager
    from rows_of_agents

    union

    select
        nullif(
        regexp_replace(
            trim(team_row.agent_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as agent_id,
        team_row.agent_name,
        team_id,
        nullif(
        regexp_replace(
            trim(team_row.role_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as role_key,
        coalesce(team_row.in_section, true) as is_member,
        coalesce(team_row.is_manager, false) as is_manager
    from rows_of_teams

),

-- A team lists its managers without their roles, so the rows of agents and
-- teams take precedence
stacked as (

    select * from from_rows

    union

    select
        nullif(
        regexp_replace(
            trim(manager.agent_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as agent_id,
        manager.name as agent_name,
        team_id,
        null as role_key,
        false as is_member,
        true as is_manager
    from managers_of_teams
    where not exists (
        select 1 from from_rows
        where
            from_rows.is_manager
            and from_rows.agent_id = nullif(
        regexp_replace(
            trim(manager.agent_id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    )
            and from_rows.team_id = managers_of_teams.team_id
    )

),

-- A row names its role by GUID or by number
resolved as (

    select distinct
        stacked.agent_id,
        stacked.team_id,
        stacked.is_member,
        stacked.is_manager,
        coalesce(role_keys.role_id, stacked.role_key) as role_id

    from stacked

    left join role_keys on lower(stacked.role_key) = role_keys.role_key

    where
        stacked.agent_id is not null
        and stacked.team_id is not null
        -- "Unassigned" waits in teams without being listed as an agent
        and (
            stacked.agent_id <> '1'
            or lower(nullif(trim(stacked.agent_name, '	
                  　'), '')) is distinct from 'unassigned'
        )

)

select * from resolved