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
    from {{ source('okta', 'applications') }}

),

renamed as (

    select

        ---------- ids
        id,
        coalesce({{ filled('application."clientId"') }}, id) as client_id,

        ---------- strings
        coalesce(
            {{ filled('application.label') }}, {{ filled('application.name') }}
        ) as name,
        {{ filled('application.status') }} as status,

        ---------- booleans
        coalesce(application."isService", false) as is_service,

        ---------- timestamps
        application.created as created_at,
        application."lastUpdated" as updated_at

    from source

)

select * from renamed
