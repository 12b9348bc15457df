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
    from {{ source('okta', 'role_bindings') }}

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
        member."principalId" as principal_id,

        ---------- strings
        lower(member.type) as principal_type,

        ---------- timestamps
        binding."lastReadAt" as last_read_at

    from members
    where member."principalId" is not null

)

select * from renamed
