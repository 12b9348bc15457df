with

source as (

    select
        id,
        payload,
        from_json(
            payload,
            '{
                "status": "varchar",
                "type": {"id": "varchar"},
                "credentials": {"provider": {"type": "varchar", "name": "varchar"}},
                "profile": {
                    "firstName": "varchar",
                    "lastName": "varchar",
                    "title": "varchar",
                    "manager": "varchar",
                    "managerId": "varchar"
                }
            }'
        ) as okta_user
    from "access"."raw_okta"."users"

),

default_types as (

    select min(id) as id from "access"."raw_okta"."user_schemas"
    where (payload ->> 'default') = 'true'

),

renamed as (

    select

        ---------- ids
        'okta:user:' || source.id as account_id,
        coalesce(nullif(trim(okta_user.type.id, '	
                  　'), ''), default_types.id)
            as user_type,

        ---------- strings
        nullif(trim(okta_user.profile."firstName", '	
                  　'), '') as given_name,
        nullif(trim(okta_user.profile."lastName", '	
                  　'), '') as family_name,
        nullif(trim(okta_user.profile.title, '	
                  　'), '') as job_title,
        -- Either may hold an id, a name or an address ("User profile")
        coalesce(
            case
                when okta_user.profile.manager like '%@%'
                    then nullif(
        regexp_replace(nfc_normalize(lower(trim(okta_user.profile.manager, '	
                  　'))), '\.$', ''), ''
    )
            end,
            case
                when okta_user.profile."managerId" like '%@%'
                    then nullif(
        regexp_replace(nfc_normalize(lower(trim(okta_user.profile."managerId", '	
                  　'))), '\.$', ''), ''
    )
            end
        ) as manager_email,
        -- Users of a federation or a social provider are written like Okta's own
        case
            when
                upper(okta_user.credentials.provider.type)
                in ('ACTIVE_DIRECTORY', 'LDAP', 'IMPORT')
                then
                    coalesce(
                        nullif(trim(okta_user.credentials.provider.name, '	
                  　'), ''),
                        okta_user.credentials.provider.type
                    )
        end as sourced_by,
        -- An identity provider may decide attributes, and Okta does not say so
        case
            when
                upper(okta_user.credentials.provider.type)
                not in ('OKTA', 'ACTIVE_DIRECTORY', 'LDAP', 'IMPORT')
                then
                    coalesce(
                        nullif(trim(okta_user.credentials.provider.name, '	
                  　'), ''),
                        okta_user.credentials.provider.type
                    )
        end as identity_provider,
        case upper(okta_user.status)
            when 'STAGED' then 'staged'
            when 'SUSPENDED' then 'suspended'
            when 'DEPROVISIONED' then 'deactivated'
        end as status_detail,
        payload -> '$.profile' as profile

    from source

    cross join default_types

)

select * from renamed