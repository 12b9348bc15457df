

select id from "access"."raw_pingone"."group_members"
where
    case
        when
            json_type(payload, '$.direct') not in ('ARRAY', 'NULL')
            then
                error(concat('group_members ', id, ': `direct` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.direct[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_members ', id, ': `direct[*]` is no id'))
                is null
    end
    or case
        when
            json_type(payload, '$.all') not in ('ARRAY', 'NULL')
            then
                error(concat('group_members ', id, ': `all` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.all[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_members ', id, ': `all[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_pingone"."user_memberships"
where
    case
        when
            json_type(payload, '$.memberships') not in ('ARRAY', 'NULL')
            then
                error(concat('user_memberships ', id, ': `memberships` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.memberships[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'user_memberships ', id, ': `memberships` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.memberships[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_memberships ', id, ': `memberships[*].id` is no id'))
                is null
    end
union all
select id from "access"."raw_pingone"."group_nestings"
where
    case
        when
            json_type(payload, '$.children') not in ('ARRAY', 'NULL')
            then
                error(concat('group_nestings ', id, ': `children` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.children[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_nestings ', id, ': `children[*]` is no id'))
                is null
    end
    or case
        when
            json_type(payload, '$.parents') not in ('ARRAY', 'NULL')
            then
                error(concat('group_nestings ', id, ': `parents` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.parents[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_nestings ', id, ': `parents[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_pingone"."user_role_assignments"
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
                json_type(payload, '$.roleAssignments[*].role.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].role.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].scope.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].scope.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].group.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('user_role_assignments ', id, ': `roleAssignments[*].group.id` is no id'))
                is null
    end
union all
select id from "access"."raw_pingone"."group_role_assignments"
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
                json_type(payload, '$.roleAssignments[*].role.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].role.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].scope.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].scope.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].group.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('group_role_assignments ', id, ': `roleAssignments[*].group.id` is no id'))
                is null
    end
union all
select id from "access"."raw_pingone"."application_role_assignments"
where
    case
        when
            json_type(payload, '$.roleAssignments') not in ('ARRAY', 'NULL')
            then
                error(concat('application_role_assignments ', id, ': `roleAssignments` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roleAssignments[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'application_role_assignments ', id, ': `roleAssignments` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_role_assignments ', id, ': `roleAssignments[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].role.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_role_assignments ', id, ': `roleAssignments[*].role.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].scope.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_role_assignments ', id, ': `roleAssignments[*].scope.id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roleAssignments[*].group.id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('application_role_assignments ', id, ': `roleAssignments[*].group.id` is no id'))
                is null
    end

