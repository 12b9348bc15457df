with

parsed as (

    select
        id,
        from_json(
            payload,
            '{
                "label": "varchar",
                "description": "varchar",
                "permissions": ["varchar"]
            }'
        ) as custom_role
    from "access"."raw_okta"."roles"

),

custom_roles as (

    select
        id,
        nullif(trim(custom_role.label, '	
                  　'), '') as name,
        nullif(trim(custom_role.description, '	
                  　'), '') as description,
        case
            when
                list_bool_or([
                    permission not like '%.read'
                    for permission in custom_role.permissions
                ])
                then true
            when
                len(custom_role.permissions) > 0
                and not list_contains(
                    [p is null for p in custom_role.permissions], true
                )
                then false
        end as is_privileged
    from parsed

),

-- Okta lists no standard roles: they are known from their holders
assigned as (

    select
        role_id as id,
        min(role_name) as name,
        null as description,
        case
            when bool_or(role_type <> 'CUSTOM')
                then role_id not in ('READ_ONLY_ADMIN', 'REPORT_ADMIN')
        end as is_privileged
    from "access"."staging"."base_okta__role_assignments"
    group by role_id

)

select * from custom_roles

union all

select * from assigned
where id not in (select id from custom_roles)