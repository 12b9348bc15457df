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
    from {{ source('haloitsm', 'roles') }}

),

renamed as (

    select

        ---------- ids
        id,
        {{ set_key('halo_role.id_int') }} as id_int,

        ---------- strings
        {{ filled('halo_role.name') }} as name,
        {{ filled('halo_role.notes') }} as notes,

        ---------- lists
        halo_role.teams as team_rows

    from source

)

select * from renamed
