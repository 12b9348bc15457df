

select id from "access"."raw_okta"."group_rules"
where
    case
        when
            json_type(payload, '$.actions.assignUserToGroups.groupIds') not in ('ARRAY', 'NULL')
            then
                error(concat('group_rules ', id, ': `actions.assignUserToGroups.groupIds` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.actions.assignUserToGroups.groupIds[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_rules ', id, ': `actions.assignUserToGroups.groupIds[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."group_members"
where
    case
        when
            json_type(payload, '$.members') not in ('ARRAY', 'NULL')
            then
                error(concat('group_members ', id, ': `members` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.members[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_members ', id, ': `members[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."user_role_assignments"
where
    case
        when
            json_type(payload, '$.roleAssignments') not in ('ARRAY', 'NULL')
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'user_role_assignments ', id, ': `roleAssignments` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].type'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].type` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].role'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].role` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].resource-set'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].resource-set` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'user_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.groups[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].targets.groups[*].id` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'user_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].name'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].name` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."group_role_assignments"
where
    case
        when
            json_type(payload, '$.roleAssignments') not in ('ARRAY', 'NULL')
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'group_role_assignments ', id, ': `roleAssignments` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].type'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].type` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].role'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].role` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].resource-set'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].resource-set` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'group_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.groups[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].targets.groups[*].id` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'group_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].name'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].name` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."client_role_assignments"
where
    case
        when
            json_type(payload, '$.roleAssignments') not in ('ARRAY', 'NULL')
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'client_role_assignments ', id, ': `roleAssignments` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].type'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].type` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].role'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].role` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].resource-set'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].resource-set` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.groups[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'client_role_assignments ', id, ': `roleAssignments[*].targets.groups` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.groups[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].targets.groups[*].id` is no id'))
                is null
    end
    or case
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps'),
                lambda kind: kind not in ('ARRAY', 'NULL')
            )) > 0
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*].targets.apps[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'client_role_assignments ', id, ': `roleAssignments[*].targets.apps` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].targets.apps[*].name'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('client_role_assignments ', id, ': `roleAssignments[*].targets.apps[*].name` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."roles"
where
    case
        when
            json_type(payload, '$.permissions') not in ('ARRAY', 'NULL')
            then
                error(concat('roles ', id, ': `permissions` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.permissions[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('roles ', id, ': `permissions[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."role_bindings"
where
    case
        when
            json_type(payload, '$.members') not in ('ARRAY', 'NULL')
            then
                error(concat('role_bindings ', id, ': `members` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.members[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'role_bindings ', id, ': `members` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.members[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('role_bindings ', id, ': `members[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.members[*].type'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('role_bindings ', id, ': `members[*].type` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.members[*].principalId'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('role_bindings ', id, ': `members[*].principalId` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."application_users"
where
    case
        when
            json_type(payload, '$.users') not in ('ARRAY', 'NULL')
            then
                error(concat('application_users ', id, ': `users` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.users[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'application_users ', id, ': `users` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.users[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_users ', id, ': `users[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.users[*].scope'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_users ', id, ': `users[*].scope` is no id'))
                is null
    end
union all
select id from "access"."raw_okta"."application_groups"
where
    case
        when
            json_type(payload, '$.groups') not in ('ARRAY', 'NULL')
            then
                error(concat('application_groups ', id, ': `groups` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.groups[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_groups ', id, ': `groups[*]` is no id'))
                is null
    end

