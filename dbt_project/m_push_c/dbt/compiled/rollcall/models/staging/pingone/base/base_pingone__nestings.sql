with

source as (

    select
        id,
        from_json(
            payload, '{"children": ["varchar"], "parents": ["varchar"]}'
        ) as nesting
    from "access"."raw_pingone"."group_nestings"

),

nestings as (

    select unnest(nesting.children) as child_id, id as parent_id from source

    union

    select id as child_id, unnest(nesting.parents) as parent_id from source

)

select * from nestings
where child_id <> parent_id