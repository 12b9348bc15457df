with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "label": "varchar",
                "status": "varchar",
                "clientId": "varchar",
                "isService": "boolean",
                "created": "timestamptz",
                "lastUpdated": "timestamptz"
            }'
        ) as application
    from "access"."raw_okta"."applications"

),

renamed as (

    select

        ---------- ids
        id,
        coalesce(nullif(trim(application."clientId", '	
                  　'), ''), id) as client_id,

        ---------- strings
        coalesce(
            nullif(trim(application.label, '	
                  　'), ''), nullif(trim(application.name, '	
                  　'), '')
        ) as name,
        nullif(trim(application.status, '	
                  　'), '') as status,

        ---------- booleans
        coalesce(application."isService", false) as is_service,

        ---------- timestamps
        application.created as created_at,
        application."lastUpdated" as updated_at

    from source

)

select * from renamed