



with

source as (

    
    select
        'user' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "type": "varchar",
        "label": "varchar",
        "status": "varchar",
        "assignmentType": "varchar",
        "role": "varchar",
        "resource-set": "varchar",
        "targets": {
            "groups": [{"id": "varchar", "name": "varchar"}],
            "apps": [{
                "id": "varchar",
                "name": "varchar",
                "displayName": "varchar"
            }]
        }
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_okta"."user_role_assignments"
    union all
    select
        'group' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "type": "varchar",
        "label": "varchar",
        "status": "varchar",
        "assignmentType": "varchar",
        "role": "varchar",
        "resource-set": "varchar",
        "targets": {
            "groups": [{"id": "varchar", "name": "varchar"}],
            "apps": [{
                "id": "varchar",
                "name": "varchar",
                "displayName": "varchar"
            }]
        }
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_okta"."group_role_assignments"
    union all
    select
        'client' as principal_type,
        id as principal_id,
        -- Only in rows of principals that the last sync did not ask for
        (payload->>'lastReadAt')::timestamptz as last_read_at,
        unnest(
            from_json(payload, '{"roleAssignments": [{
        "id": "varchar",
        "type": "varchar",
        "label": "varchar",
        "status": "varchar",
        "assignmentType": "varchar",
        "role": "varchar",
        "resource-set": "varchar",
        "targets": {
            "groups": [{"id": "varchar", "name": "varchar"}],
            "apps": [{
                "id": "varchar",
                "name": "varchar",
                "displayName": "varchar"
            }]
        }
    }]}')
                ."roleAssignments"
        ) as assignment
    from "access"."raw_okta"."client_role_assignments"
    



),

bindings as (

    select * from "access"."staging"."base_okta__role_bindings"

),

-- Without targets, a role holds for the whole organization
assignments as (

    select

        ---------- ids
        principal_id,
        nullif(trim(assignment.id, '	
                  　'), '') as assignment_id,
        coalesce(
            case
                when upper(assignment.type) <> 'CUSTOM'
                    then upper(assignment.type)
            end,
            assignment.role,
            'unknown'
        ) as role_id,
        nullif(trim(assignment."resource-set", '	
                  　'), '') as resource_set_id,

        ---------- strings
        principal_type,
        upper(assignment.type) as role_type,
        nullif(trim(assignment.label, '	
                  　'), '') as role_name,

        ---------- lists
        -- Without an id, a target is every instance of an application
        list_concat(
            [{
                'kind': 'group',
                'id': coalesce(target.id, 'unknown'),
                'name': target.name
            } for target in assignment.targets.groups],
            [{
                'kind': 'application',
                'id': coalesce(target.id, target.name, 'unknown'),
                'name': target."displayName"
            } for target in assignment.targets.apps]
        ) as targets,

        ---------- booleans
        principal_type = 'user'
        and coalesce(upper(assignment."assignmentType") = 'GROUP', false)
            as is_inherited,

        ---------- timestamps
        last_read_at

    from source
    where upper(assignment.status) is distinct from 'INACTIVE'

),

-- The binding has the id by which a custom role is taken away
with_bindings as (

    select
        assignments.* replace (
            coalesce(
                bindings.member_id, assignments.assignment_id
            ) as assignment_id
        )

    from assignments

    left join bindings
        on
            assignments.principal_type = bindings.principal_type
            and assignments.principal_id = bindings.principal_id
            and assignments.role_id = bindings.role_id
            and assignments.resource_set_id = bindings.resource_set_id
            and not assignments.is_inherited

    union all by name

    select
        bindings.* exclude (member_id),
        bindings.member_id as assignment_id,
        null as targets,
        false as is_inherited

    from bindings

    anti join assignments
        on
            bindings.principal_type = assignments.principal_type
            and bindings.principal_id = assignments.principal_id
            and bindings.role_id = assignments.role_id
            and bindings.resource_set_id = assignments.resource_set_id
            and not assignments.is_inherited

),

-- One row per target
with_scopes as (

    select
        * exclude (targets, resource_set_id),
        unnest(
            case
                when resource_set_id is not null
                    then [{
                        'kind': 'resource_set',
                        'id': resource_set_id,
                        'name': null::varchar
                    }]
                when len(targets) > 0 then targets
                else [null]
            end
        ) as target
    from with_bindings

),

scope_names as (

    select 'group' as kind, id, name from "access"."staging"."base_okta__groups"

    union all

    select 'application' as kind, id, name
    from "access"."staging"."base_okta__applications"

    union all

    select
        'resource_set' as kind,
        id,
        nullif(trim(payload->>'label', '	
                  　'), '') as name
    from "access"."raw_okta"."resource_sets"

)

select
    with_scopes.* exclude (target),
    with_scopes.target.kind as scope_type,
    'okta:' || with_scopes.target.kind || ':' || with_scopes.target.id
        as scope_id,
    coalesce(scope_names.name, with_scopes.target.name) as scope_name

from with_scopes

left join scope_names
    on
        with_scopes.target.kind = scope_names.kind
        and with_scopes.target.id = scope_names.id