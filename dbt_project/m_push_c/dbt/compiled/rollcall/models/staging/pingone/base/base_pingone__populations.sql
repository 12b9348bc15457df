with

source as (

    select
        id,
        from_json(
            payload, '{"name": "varchar", "description": "varchar"}'
        ) as population
    from "access"."raw_pingone"."populations"

),

renamed as (

    select
        id,
        nullif(trim(population.name, '	
                  　'), '') as name,
        nullif(trim(population.description, '	
                  　'), '') as description
    from source

)

select * from renamed