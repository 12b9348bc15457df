with

source as (

    select from_json(
        payload,
        '{
            "lastReadAt": "timestamptz",
            "resourceSetId": "varchar",
            "roleId": "varchar",
            "members": [{
                "id": "varchar",
                "type": "varchar",
                "principalId": "varchar"
            }]
        }'
    ) as binding
    from "access"."raw_okta"."role_bindings"

),

members as (

    select binding, unnest(binding.members) as member from source

),

renamed as (

    select

        ---------- ids
        binding."resourceSetId" as resource_set_id,
        binding."roleId" as role_id,
        member.id as member_id,
        coalesce(member."principalId", member.id) as principal_id,

        ---------- strings
        -- Somebody holds the role, even if unknown: the grant is dangling
        coalesce(lower(member.type), 'unknown') as principal_type,

        ---------- timestamps
        binding."lastReadAt" as last_read_at

    from members

)

select * from renamed