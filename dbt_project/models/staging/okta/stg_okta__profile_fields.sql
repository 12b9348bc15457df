with

schemas as (

    select
        id,
        payload,
        coalesce((payload ->> 'default') = 'true', false) as is_default_type
    from {{ source('okta', 'user_schemas') }}

),

parts as (

    select
        id,
        is_default_type,
        payload -> '$.definitions.base.properties' as attributes
    from schemas
    union all
    select
        id,
        is_default_type,
        payload -> '$.definitions.custom.properties' as attributes
    from schemas

),

named as (

    select
        id,
        is_default_type,
        attributes,
        unnest(json_keys(attributes)) as field
    from parts

),

fields as (

    select
        id,
        is_default_type,
        field,
        from_json(
            json_extract(attributes, '$."' || field || '"'),
            '{
                "type": "varchar",
                "mutability": "varchar",
                "required": "boolean",
                "minLength": "bigint",
                "maxLength": "bigint",
                "enum": ["json"],
                "oneOf": [{"const": "json"}],
                "master": {
                    "type": "varchar",
                    "priority": [{"type": "varchar", "value": "varchar"}]
                }
            }'
        ) as attribute
    from named

),

renamed as (

    select

        ---------- ids
        id as user_type,

        ---------- strings
        field,
        {{ filled('attribute.type') }} as value_type,
        coalesce(
            attribute.enum, list_transform(attribute."oneOf", lambda x: x.const)
        )::varchar[] as allowed_values,
        case
            when
                upper(attribute.mutability) in ('READ_ONLY', 'IMMUTABLE')
                or field in ('password', 'id', 'status')
                then 'read-only'
            when
                upper(attribute.master.type) = 'OVERRIDE'
                and upper(attribute.master.priority[1].type) <> 'OKTA'
                then
                    'mastered by ' || coalesce(
                        attribute.master.priority[1].value,
                        attribute.master.priority[1].type
                    )
        end as unwritable_because,
        -- Of a write of what another system masters ("Okta API error codes")
        'E0000023' as refusal_code,
        concat_ws(
            '; ',
            'type ' || attribute.type,
            'mutability ' || attribute.mutability,
            'required ' || attribute.required,
            'length ' || attribute."minLength" || ' to',
            'length to ' || attribute."maxLength",
            'enum ' || array_to_string(attribute.enum::varchar[], ', '),
            'oneOf ' || array_to_string(
                list_transform(attribute."oneOf", lambda x: x.const)::varchar[],
                ', '
            ),
            'master ' || attribute.master.type,
            'priority ' || array_to_string(
                list_transform(
                    attribute.master.priority,
                    lambda x: concat(x.type, ' ', x.value)
                ), ', '
            )
        ) as definition,

        ---------- numbers
        attribute."minLength" as min_length,
        attribute."maxLength" as max_length,
        -- Okta stores no longer ones ("Okta API", character sets)
        3 as max_character_bytes,

        ---------- booleans
        -- Whatever is not Okta's own follows the source of the user's profile
        coalesce(upper(attribute.master.type), 'PROFILE_MASTER') <> 'OKTA'
            as is_sourced,
        field in ('login', 'email', 'secondEmail', 'mobilePhone', 'primaryPhone')
            as is_identifying,
        coalesce(attribute.required, false) as is_required,
        is_default_type

    from fields

)

select * from renamed
