

with

listed as (

    select id, from_json(payload, 
    '{
        "name": "varchar",
        "firstname": "varchar",
        "surname": "varchar",
        "email": "varchar",
        "ad": "varchar",
        "isdisabled": "boolean",
        "isapiagent": "boolean",
        "twofactor_enabled": "boolean",
        "lastlogindate": "timestamptz",
        "datecreated": "timestamptz",
        "last_modified": "timestamptz",
        "teams": [{
            "team_id": "varchar",
            "role_id": "varchar",
            "in_section": "boolean",
            "is_manager": "boolean"
        }],
        "roles": [{"id": "varchar", "id_int": "varchar"}]
    }'
) as agent
    from "access"."raw_haloitsm"."agents"

),

detailed as (

    select id, from_json(payload, 
    '{
        "name": "varchar",
        "firstname": "varchar",
        "surname": "varchar",
        "email": "varchar",
        "ad": "varchar",
        "isdisabled": "boolean",
        "isapiagent": "boolean",
        "twofactor_enabled": "boolean",
        "lastlogindate": "timestamptz",
        "datecreated": "timestamptz",
        "last_modified": "timestamptz",
        "teams": [{
            "team_id": "varchar",
            "role_id": "varchar",
            "in_section": "boolean",
            "is_manager": "boolean"
        }],
        "roles": [{"id": "varchar", "id_int": "varchar"}]
    }'
) as agent
    from "access"."raw_haloitsm"."agent_details"

),

renamed as (

    select

        ---------- ids
        listed.id,

        ---------- strings
        coalesce(
            nullif(trim(listed.agent.name, '	
                  　'), ''),
            nullif(trim(concat_ws(' ', listed.agent.firstname, listed.agent.surname), '	
                  　'), '')
        ) as name,
        nullif(
        regexp_replace(nfc_normalize(lower(trim(listed.agent.email, '	
                  　'))), '\.$', ''), ''
    ) as email,
        nullif(trim(listed.agent.ad, '	
                  　'), '') as directory_login,

        ---------- booleans
        listed.agent.isdisabled as is_disabled,
        listed.agent.isapiagent as is_api_agent,
        detailed.agent.twofactor_enabled as mfa_enabled,

        ---------- timestamps
        -- Halo writes "never" as a date around 1900
        case
            when listed.agent.lastlogindate >= '1901-01-01'::timestamptz
                then listed.agent.lastlogindate
        end as last_login_at,
        detailed.agent.datecreated as created_at,
        detailed.agent.last_modified as updated_at,

        ---------- lists
        list_concat(listed.agent.teams, detailed.agent.teams) as team_rows,
        list_concat(listed.agent.roles, detailed.agent.roles) as role_rows

    from listed

    left join detailed on listed.id = detailed.id

)

-- "Unassigned" is a queue for tickets, not an agent who can log in
select * from renamed
where id <> '1' or lower(name) is distinct from 'unassigned'