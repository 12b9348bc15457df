with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "type": "varchar",
                "enabled": "boolean",
                "createdAt": "timestamptz",
                "updatedAt": "timestamptz"
            }'
        ) as application
    from "access"."raw_pingone"."applications"

),

renamed as (

    select

        ---------- ids
        id,

        ---------- strings
        nullif(trim(application.name, '	
                  　'), '') as name,

        ---------- booleans
        application.enabled as is_enabled,
        coalesce(upper(application.type) = 'WORKER', false) as is_worker,

        ---------- timestamps
        application."createdAt" as created_at,
        application."updatedAt" as updated_at

    from source

)

select * from renamed