with

source as (

    select
        id,
        from_json(
            payload, '{"name": "varchar", "description": "varchar"}'
        ) as population
    from {{ source('pingone', 'populations') }}

),

renamed as (

    select
        id,
        {{ filled('population.name') }} as name,
        {{ filled('population.description') }} as description
    from source

)

select * from renamed
