with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "displayName": "varchar",
                "description": "varchar",
                "population": {"id": "varchar"},
                "userFilter": "varchar",
                "sourceType": "varchar"
            }'
        ) as pingone_group
    from {{ source('pingone', 'groups') }}

),

renamed as (

    select

        ---------- ids
        id,
        {{ filled('pingone_group.population.id') }} as population_id,

        ---------- strings
        {{ filled('pingone_group.name') }} as name,
        {{ filled('pingone_group."displayName"') }} as display_name,
        {{ filled('pingone_group.description') }} as description,

        ---------- booleans
        {{ filled('pingone_group."sourceType"') }} is not null as is_external,
        coalesce(
            {{ filled('pingone_group."userFilter"') }},
            {{ filled('pingone_group."sourceType"') }}
        ) is not null as is_rule_managed

    from source

)

select * from renamed
