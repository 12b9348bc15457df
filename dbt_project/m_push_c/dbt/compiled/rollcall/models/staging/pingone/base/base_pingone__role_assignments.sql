



with

source as (

    
    select
        'user' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        from_json(payload->'inheritedIds', '["varchar"]') as inherited_ids,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "role": {"id": "varchar"},
        "scope": {"id": "varchar", "type": "varchar"},
        "group": {"id": "varchar"},
        "type": "varchar",
        "inheritance": "varchar",
        "inheritanceType": "varchar",
        "readOnly": "boolean"
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_pingone"."user_role_assignments"
    union all
    select
        'group' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        from_json(payload->'inheritedIds', '["varchar"]') as inherited_ids,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "role": {"id": "varchar"},
        "scope": {"id": "varchar", "type": "varchar"},
        "group": {"id": "varchar"},
        "type": "varchar",
        "inheritance": "varchar",
        "inheritanceType": "varchar",
        "readOnly": "boolean"
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_pingone"."group_role_assignments"
    union all
    select
        'application' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        from_json(payload->'inheritedIds', '["varchar"]') as inherited_ids,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "role": {"id": "varchar"},
        "scope": {"id": "varchar", "type": "varchar"},
        "group": {"id": "varchar"},
        "type": "varchar",
        "inheritance": "varchar",
        "inheritanceType": "varchar",
        "readOnly": "boolean"
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_pingone"."application_role_assignments"
    



),

populations as (

    select * from "access"."staging"."base_pingone__populations"

),

applications as (

    select * from "access"."staging"."base_pingone__applications"

),

renamed as (

    select

        ---------- ids
        principal_id,
        nullif(trim(assignment.id, '	
                  　'), '') as assignment_id,
        assignment.role.id as role_id,
        coalesce(nullif(trim(assignment.scope.id, '	
                  　'), ''), 'unknown') as scope_id,

        ---------- strings
        principal_type,
        lower(
            coalesce(nullif(trim(assignment.scope.type, '	
                  　'), ''), 'unknown')
        ) as scope_type,

        ---------- booleans
        assignment."readOnly" as is_read_only,
        principal_type <> 'group' and (
            assignment."group".id is not null
            or regexp_matches(
                concat_ws(
                    ' ',
                    assignment.type,
                    assignment.inheritance,
                    assignment."inheritanceType"
                ),
                '(?i)indirect|inherit'
            )
            or coalesce(list_contains(inherited_ids, assignment.id), false)
        ) as is_marked_inherited,

        ---------- timestamps
        last_read_at

    from source
    where assignment.role.id is not null

),

-- A user's list may repeat the assignment of a group, with the same id
assignments as (

    select
        renamed.*,
        renamed.is_marked_inherited or (
            renamed.principal_type <> 'group'
            -- Null in a list is null, and an assignment may have no id
            and coalesce(
                renamed.assignment_id in (
                    select assignment_id from renamed
                    where principal_type = 'group' and assignment_id is not null
                ),
                false
            )
        ) as is_inherited,
        coalesce(populations.name, applications.name) as scope_name

    from renamed

    left join populations
        on
            renamed.scope_type = 'population'
            and renamed.scope_id = populations.id

    left join applications
        on
            renamed.scope_type = 'application'
            and renamed.scope_id = applications.id

)

select * exclude (is_marked_inherited) from assignments