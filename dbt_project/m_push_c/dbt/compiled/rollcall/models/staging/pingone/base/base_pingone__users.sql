with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "username": "varchar",
                "email": "varchar",
                "externalId": "varchar",
                "type": "varchar",
                "name": {
                    "formatted": "varchar",
                    "given": "varchar",
                    "family": "varchar"
                },
                "enabled": "boolean",
                "account": {"status": "varchar", "canAuthenticate": "boolean"},
                "lifecycle": {"status": "varchar"},
                "mfaEnabled": "boolean",
                "population": {"id": "varchar"},
                "lastSignOn": {"at": "timestamptz"},
                "createdAt": "timestamptz",
                "updatedAt": "timestamptz"
            }'
        ) as pingone_user
    from "access"."raw_pingone"."users"

),

renamed as (

    select

        ---------- ids
        id,
        nullif(trim(pingone_user.population.id, '	
                  　'), '') as population_id,
        nullif(trim(pingone_user."externalId", '	
                  　'), '') as external_id,

        ---------- strings
        nullif(trim(pingone_user.username, '	
                  　'), '') as username,
        nullif(
        regexp_replace(nfc_normalize(lower(trim(pingone_user.email, '	
                  　'))), '\.$', ''), ''
    ) as email,
        coalesce(
            nullif(trim(pingone_user.name.formatted, '	
                  　'), ''),
            nullif(trim(concat_ws(
                    ' ', pingone_user.name.given, pingone_user.name.family
                ), '	
                  　'), ''),
            nullif(trim(pingone_user.username, '	
                  　'), '')
        ) as display_name,
        nullif(trim(pingone_user.type, '	
                  　'), '') as user_type,
        upper(pingone_user.account.status) as account_status,
        nullif(trim(concat_ws(
                ', ',
                pingone_user.account.status,
                pingone_user.lifecycle.status
            ), '	
                  　'), '') as source_status,

        ---------- booleans
        pingone_user.enabled as is_enabled,
        pingone_user.account."canAuthenticate" as can_authenticate,
        pingone_user."mfaEnabled" as mfa_enabled,

        ---------- timestamps
        pingone_user."lastSignOn".at as last_login_at,
        pingone_user."createdAt" as created_at,
        pingone_user."updatedAt" as updated_at

    from source

)

select * from renamed