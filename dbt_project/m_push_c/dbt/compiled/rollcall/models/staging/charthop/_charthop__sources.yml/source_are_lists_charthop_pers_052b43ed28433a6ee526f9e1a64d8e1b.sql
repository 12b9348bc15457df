

select id from "access"."raw_charthop"."persons"
where
    case
        when
            json_type(payload, '$.groupIds') not in ('ARRAY', 'NULL')
            then
                error(concat('persons ', id, ': `groupIds` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.groupIds[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('persons ', id, ': `groupIds[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_charthop"."jobs"
where
    case
        when
            json_type(payload, '$.groupIds') not in ('ARRAY', 'NULL')
            then
                error(concat('jobs ', id, ': `groupIds` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.groupIds[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('jobs ', id, ': `groupIds[*]` is no id'))
                is null
    end
union all
select id from "access"."raw_charthop"."person_groups"
where
    case
        when
            json_type(payload, '$.groupIds') not in ('ARRAY', 'NULL')
            then
                error(concat('person_groups ', id, ': `groupIds` is no list'))
                is null
        when
            list_has_any(
                json_type(payload, '$.groupIds[*]'), ['OBJECT', 'ARRAY']
            )
            then
                error(concat('person_groups ', id, ': `groupIds[*]` is no id'))
                is null
    end

