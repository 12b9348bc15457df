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
    from {{ source('okta', 'users') }}

),

renamed as (

    select

        ---------- ids
        id,
        {{ filled('okta_user.profile."employeeNumber"') }} as employee_number,

        ---------- strings
        {{ filled('okta_user.profile.login') }} as login,
        {{ mail('okta_user.profile.email') }} as email,
        coalesce(
            {{ filled('okta_user.profile."displayName"') }},
            {{ filled(
                "concat_ws(
                    ' ',
                    okta_user.profile.\"firstName\",
                    okta_user.profile.\"lastName\"
                )"
            ) }},
            {{ filled('okta_user.profile.login') }}
        ) as display_name,
        {{ filled('okta_user.profile."userType"') }} as user_type,
        {{ filled('okta_user.status') }} as status,

        ---------- booleans
        coalesce(
            upper({{ filled('okta_user.status') }}) = 'DEPROVISIONED', false
        ) as is_deprovisioned,

        ---------- timestamps
        okta_user."lastLogin" as last_login_at,
        okta_user.created as created_at,
        okta_user."lastUpdated" as updated_at

    from source

)

select * from renamed
