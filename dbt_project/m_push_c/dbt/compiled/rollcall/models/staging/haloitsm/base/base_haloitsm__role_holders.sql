with

agents as (

    select * from "access"."staging"."base_haloitsm__agents"

),

role_agents as (

    select
        id,
        from_json(payload, '{"agents": ["varchar"]}').agents as agents
    from "access"."raw_haloitsm"."role_agents"

),

role_keys as (

    select * from "access"."staging"."base_haloitsm__role_keys"

),

roles_of_agents as (

    select id as agent_id, unnest(role_rows) as role_row from agents

),

stacked as (

    select
        agent_id,
        coalesce(
            nullif(
        regexp_replace(
            trim(role_row.id, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ), nullif(
        regexp_replace(
            trim(role_row.id_int, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    )
        ) as role_key
    from roles_of_agents

    union

    select
        unnest(agents) as agent_id,
        id as role_key
    from role_agents

),

resolved as (

    select distinct
        stacked.agent_id,
        coalesce(role_keys.role_id, stacked.role_key) as role_id

    from stacked

    left join role_keys on lower(stacked.role_key) = role_keys.role_key

    where stacked.agent_id is not null and stacked.role_key is not null

)

select * from resolved