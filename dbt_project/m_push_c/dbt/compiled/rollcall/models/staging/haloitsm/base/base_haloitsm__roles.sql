with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "id_int": "varchar",
                "name": "varchar",
                "notes": "varchar",
                "teams": [{
                    "team_id": "varchar",
                    "in_section": "boolean",
                    "is_manager": "boolean"
                }]
            }'
        ) as halo_role
    from "access"."raw_haloitsm"."roles"

),

renamed as (

    select

        ---------- ids
        id,
        nullif(
        regexp_replace(
            trim(halo_role.id_int, '	
                  　'), '^[-{}0.]*$|\.0+$', ''
        ), ''
    ) as id_int,

        ---------- strings
        nullif(trim(halo_role.name, '	
                  　'), '') as name,
        nullif(trim(halo_role.notes, '	
                  　'), '') as notes,

        ---------- lists
        halo_role.teams as team_rows

    from source

)

select * from renamed