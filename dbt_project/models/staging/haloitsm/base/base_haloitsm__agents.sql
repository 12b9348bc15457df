{#- The list and the details of agents have the same shape -#}
{% set shape %}
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
{% endset %}

with

listed as (

    select id, from_json(payload, {{ shape }}) as agent
    from {{ source('haloitsm', 'agents') }}

),

detailed as (

    select id, from_json(payload, {{ shape }}) as agent
    from {{ source('haloitsm', 'agent_details') }}

),

renamed as (

    select

        ---------- ids
        listed.id,

        ---------- strings
        coalesce(
            {{ filled('listed.agent.name') }},
            {{ filled(
                "concat_ws(' ', listed.agent.firstname, listed.agent.surname)"
            ) }}
        ) as name,
        {{ mail('listed.agent.email') }} as email,
        {{ filled('listed.agent.ad') }} as directory_login,

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
