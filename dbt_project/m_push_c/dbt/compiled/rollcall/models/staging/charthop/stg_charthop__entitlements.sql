with

group_types as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "fieldName": "varchar",
                "assignmentType": "varchar"
            }'
        ) as group_type
    from "access"."raw_charthop"."group_types"

),

source as (

    select
        id,
        from_json(
            payload,
            '{
                "name": "varchar",
                "description": "varchar",
                "fields": {"description": "varchar"},
                "type": "json",
                "groupTypeId": "varchar",
                "parentGroupId": "varchar"
            }'
        ) as charthop_group
    from "access"."raw_charthop"."groups"

),

future_groups as (

    select id from "access"."raw_charthop"."future_groups"

),

archived_groups as (

    select id from "access"."raw_charthop"."archived_groups"

),

-- A group names its type by id, name or field name
type_keys as (

    select lower(id) as type_key, 1 as preference, * from group_types

    union all

    select lower(group_type.name), 2, * from group_types

    union all

    select lower(group_type."fieldName"), 3, * from group_types

),

types as (

    select
        type_key,
        min_by(group_type, (preference, id)) as group_type
    from type_keys
    group by type_key

),

current_groups as (

    select
        source.*,
        lower(
            coalesce(
                charthop_group."groupTypeId",
                charthop_group.type->>'id',
                charthop_group.type->>'name',
                charthop_group.type->>'$'
            )
        ) as type_key

    from source

    anti join future_groups on source.id = future_groups.id

    anti join archived_groups on source.id = archived_groups.id

),

entitlements as (

    select

        ---------- ids
        'charthop:group:' || current_groups.id || ':member' as entitlement_id,
        'charthop:group:' || current_groups.id as resource_id,
        'charthop:group:'
        || nullif(trim(charthop_group."parentGroupId", '	
                  　'), '') as parent_resource_id,

        ---------- strings
        'group' as resource_type,
        nullif(trim(charthop_group.name, '	
                  　'), '') as resource_name,
        'member' as slug,
        nullif(trim(charthop_group.name, '	
                  　'), '') as display_name,
        coalesce(
            nullif(trim(charthop_group.description, '	
                  　'), ''),
            nullif(trim(charthop_group.fields.description, '	
                  　'), ''),
            types.group_type.name
        ) as description,

        ---------- booleans
        null::boolean as is_privileged,
        case upper(types.group_type."assignmentType")
            when 'EXPR' then true
            when 'COMBINATION' then true
            when 'ASSIGNED' then false
        end as is_rule_managed

    from current_groups

    left join types on current_groups.type_key = types.type_key

)

select
    *,
    case when is_rule_managed then 'none' else 'ticket' end as change_channel,
    case when is_rule_managed then 'rule_managed' end as unchangeable_because
from entitlements