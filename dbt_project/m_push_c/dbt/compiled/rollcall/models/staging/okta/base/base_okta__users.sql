with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "status": "varchar",
                "created": "timestamptz",
                "lastLogin": "timestamptz",
                "lastUpdated": "timestamptz",
                "profile": {
                    "login": "varchar",
                    "email": "varchar",
                    "employeeNumber": "varchar",
                    "displayName": "varchar",
                    "firstName": "varchar",
                    "lastName": "varchar",
                    "userType": "varchar"
                }
            }'
        ) as okta_user
    from "access"."raw_okta"."users"

),

renamed as (

    select

        ---------- ids
        id,
        nullif(trim(okta_user.profile."employeeNumber", '	
                  　'), '') as employee_number,

        ---------- strings
        nullif(trim(okta_user.profile.login, '	
                  　'), '') as login,
        nullif(
        regexp_replace(nfc_normalize(lower(trim(okta_user.profile.email, '	
                  　'))), '\.$', ''), ''
    ) as email,
        coalesce(
            nullif(trim(okta_user.profile."displayName", '	
                  　'), ''),
            nullif(trim(concat_ws(
                    ' ',
                    okta_user.profile."firstName",
                    okta_user.profile."lastName"
                ), '	
                  　'), ''),
            nullif(trim(okta_user.profile.login, '	
                  　'), '')
        ) as display_name,
        nullif(trim(okta_user.profile."userType", '	
                  　'), '') as user_type,
        nullif(trim(okta_user.status, '	
                  　'), '') as status,

        ---------- booleans
        coalesce(
            upper(nullif(trim(okta_user.status, '	
                  　'), '')) = 'DEPROVISIONED', false
        ) as is_deprovisioned,

        ---------- timestamps
        okta_user."lastLogin" as last_login_at,
        okta_user.created as created_at,
        okta_user."lastUpdated" as updated_at

    from source

)

select * from renamed