

select id from "access"."raw_haloitsm"."agents"
where
    case
        when
            json_type(payload, '$.teams') not in ('ARRAY', 'NULL')
            then
                error(concat('agents ', id, ': `teams` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.teams[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'agents ', id, ': `teams` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.teams[*].team_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agents ', id, ': `teams[*].team_id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.teams[*].role_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agents ', id, ': `teams[*].role_id` is no id'))
                is null
    end
    or case
        when
            json_type(payload, '$.roles') not in ('ARRAY', 'NULL')
            then
                error(concat('agents ', id, ': `roles` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roles[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'agents ', id, ': `roles` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roles[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agents ', id, ': `roles[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roles[*].id_int'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agents ', id, ': `roles[*].id_int` is no id'))
                is null
    end
union all
select id from "access"."raw_haloitsm"."agent_details"
where
    case
        when
            json_type(payload, '$.teams') not in ('ARRAY', 'NULL')
            then
                error(concat('agent_details ', id, ': `teams` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.teams[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'agent_details ', id, ': `teams` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.teams[*].team_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agent_details ', id, ': `teams[*].team_id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.teams[*].role_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agent_details ', id, ': `teams[*].role_id` is no id'))
                is null
    end
    or case
        when
            json_type(payload, '$.roles') not in ('ARRAY', 'NULL')
            then
                error(concat('agent_details ', id, ': `roles` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.roles[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'agent_details ', id, ': `roles` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.roles[*].id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agent_details ', id, ': `roles[*].id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.roles[*].id_int'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('agent_details ', id, ': `roles[*].id_int` is no id'))
                is null
    end
union all
select id from "access"."raw_haloitsm"."teams"
where
    case
        when
            json_type(payload, '$.managers') not in ('ARRAY', 'NULL')
            then
                error(concat('teams ', id, ': `managers` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.managers[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'teams ', id, ': `managers` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.managers[*].agent_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('teams ', id, ': `managers[*].agent_id` is no id'))
                is null
    end
union all
select id from "access"."raw_haloitsm"."team_details"
where
    case
        when
            json_type(payload, '$.agents') not in ('ARRAY', 'NULL')
            then
                error(concat('team_details ', id, ': `agents` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.agents[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'team_details ', id, ': `agents` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.agents[*].agent_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('team_details ', id, ': `agents[*].agent_id` is no id'))
                is null
        when
            list_has_any(
                json_type(payload, '$.agents[*].role_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('team_details ', id, ': `agents[*].role_id` is no id'))
                is null
    end
union all
select id from "access"."raw_haloitsm"."roles"
where
    case
        when
            json_type(payload, '$.teams') not in ('ARRAY', 'NULL')
            then
                error(concat('roles ', id, ': `teams` is no list'))
                is null
        when
            len(list_filter(
                json_type(payload, '$.teams[*]'),
                lambda kind: kind not in ('OBJECT', 'NULL')
            )) > 0
            then
                error(concat(
                    'roles ', id, ': `teams` is no list of objects'
                )) is null
        when
            list_has_any(
                json_type(payload, '$.teams[*].team_id'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('roles ', id, ': `teams[*].team_id` is no id'))
                is null
    end
union all
select id from "access"."raw_haloitsm"."role_agents"
where
    case
        when
            json_type(payload, '$.agents') not in ('ARRAY', 'NULL')
            then
                error(concat('role_agents ', id, ': `agents` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.agents[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('role_agents ', id, ': `agents[*]` is no id'))
                is null
    end

