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
    from "access"."raw_pingone"."groups"

),

renamed as (

    select

        ---------- ids
        id,
        nullif(trim(pingone_group.population.id, '	
                  　'), '') as population_id,

        ---------- strings
        nullif(trim(pingone_group.name, '	
                  　'), '') as name,
        nullif(trim(pingone_group."displayName", '	
                  　'), '') as display_name,
        nullif(trim(pingone_group.description, '	
                  　'), '') as description,

        ---------- booleans
        nullif(trim(pingone_group."sourceType", '	
                  　'), '') is not null as is_external,
        coalesce(
            nullif(trim(pingone_group."userFilter", '	
                  　'), ''),
            nullif(trim(pingone_group."sourceType", '	
                  　'), '')
        ) is not null as is_rule_managed

    from source

)

select * from renamed