

with

rules as (

    select * from "access"."push"."rules"
    where kind = 'field'

),

targets as (

    select * from "access"."push"."targets"

),

-- A new account has the attributes of its type from its first day on
push_accounts as (

    select * from "access"."intermediate"."int_push_accounts"
    where account_id is not null or state = 'to_create'

),

wanted_profiles as (

    select * from "access"."push"."wanted_profiles"

),

profiles as (
    select
        'okta' as source_name,
        account_id,
        user_type,
        given_name,
        family_name,
        job_title,
        manager_email,
        sourced_by,
        identity_provider,
        status_detail,
        profile
    from "access"."staging"."stg_okta__profiles"
    

),

profile_fields as (
    select
        'okta' as source_name,
        user_type,
        field,
        value_type,
        min_length,
        max_length,
        max_character_bytes,
        allowed_values,
        unwritable_because,
        is_sourced,
        is_identifying,
        is_required,
        is_default_type,
        refusal_code,
        definition
    from "access"."staging"."stg_okta__profile_fields"
    

),

known_types as (

    select distinct source_name, user_type from profile_fields

),

default_types as (

    select
        source_name,
        min(user_type) as user_type
    from profile_fields
    where is_default_type
    group by source_name

),

privileged as (

    select distinct grants.account_id

    from "access"."main"."grants" as grants

    join "access"."intermediate"."int_entitlements" as entitlements
        on grants.entitlement_id = entitlements.entitlement_id

    where
        entitlements.is_privileged
        -- A role of which nothing is known may be one
        or (
            entitlements.resource_type = 'role'
            and entitlements.is_privileged is null
        )

),

accounts as (

    select
        push_accounts.*,
        profiles.sourced_by,
        -- Parsed once; a path would parse the profile again for each rule
        json_transform(profiles.profile, '"MAP(VARCHAR, JSON)"') as profile,
        json_transform(wanted_profiles.profile, '"MAP(VARCHAR, JSON)"')
            as wanted_profile,
        case
            when push_accounts.account_id is null
                then coalesce(targets.user_type, default_types.user_type)
            else profiles.user_type
        end as user_type,
        privileged.account_id is not null as is_privileged

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join wanted_profiles
        on
            push_accounts.target = wanted_profiles.target
            and push_accounts.person_id = wanted_profiles.person_id

    left join profiles on push_accounts.account_id = profiles.account_id

    left join default_types
        on push_accounts.target = default_types.source_name

    left join privileged
        on push_accounts.account_id = privileged.account_id

),

refused_fields as (

    select * from "access"."intermediate"."int_push_refused_fields"

),

spellings as (

    select
        source_name,
        user_type,
        lower(field) as field,
        min(field) as spelling
    from profile_fields
    group by all

),

-- The attributes of each type that a rule names, or whose spelling is like its
attributes as (

    select
        spellings.source_name,
        spellings.user_type,
        rules.rule_id as field,
        spellings.spelling,
        profile_fields.* exclude (field, source_name, user_type),
        profile_fields.field is not null as is_known

    from rules

    join spellings
        on
            rules.target = spellings.source_name
            and lower(rules.rule_id) = spellings.field

    left join profile_fields
        on
            spellings.source_name = profile_fields.source_name
            and spellings.user_type = profile_fields.user_type
            and rules.rule_id = profile_fields.field

),

live_values as (

    select
        accounts.* exclude (profile, wanted_profile),
        rules.rule_id as field,
        rules.clears,
        rules.identifies,
        rules.refused_because,
        accounts.profile[rules.rule_id] as live_value,
        accounts.wanted_profile[rules.rule_id] as wanted_value

    from accounts

    join rules on accounts.target = rules.target

),

states as (

    select
        live_values.* exclude (state, why),
        live_values.state as account_state,
        live_values.why as account_why,
        attributes.* exclude (source_name, user_type, field, is_known),
        coalesce(attributes.is_known, false) as is_known,
        known_types.user_type is not null as is_type_known,
        refused_fields.code as refused_with,
        refused_fields.lasts_until_schema_changes

    from live_values

    left join known_types
        on
            live_values.target = known_types.source_name
            and live_values.user_type = known_types.user_type

    left join attributes
        on
            live_values.target = attributes.source_name
            and live_values.user_type = attributes.user_type
            and live_values.field = attributes.field

    left join refused_fields
        on
            live_values.account_id = refused_fields.account_id
            and live_values.field = refused_fields.field

),

valued as (

    select
        *,
        -- An empty text is no value
        case when nullif(live_value ->> '$', '') is not null then live_value end
            as current_value
    from states

),

judged as (

    select
        *,
        -- Most values are spelt alike, and nothing is to be refused then
        case
            when current_value = wanted_value then true
            else coalesce(
        json_type(current_value) not in ('ARRAY', 'OBJECT')
        and (current_value ->> '$') = (wanted_value ->> '$')
        and (json_type(current_value) = 'VARCHAR')
        = (json_type(wanted_value) = 'VARCHAR'),
        current_value is null and wanted_value is null
    ) or coalesce(
        json_type(current_value) = 'ARRAY' and json_type(wanted_value) = 'ARRAY'
        and from_json(current_value, '["json"]')::varchar[]
        = from_json(wanted_value, '["json"]')::varchar[],
        false
    )
        end as is_same,
        case
            when not is_same
                then
                    coalesce(
                        case
        when account_state = 'to_reactivate'
            then 'deactivated: its attributes follow when it is active'
        when account_why is not null then account_why
        when not is_type_known
            then 'the attributes of ' || target || ' are not known'
        when not is_known
            then
                concat(
                    'no such attribute',
                    '; did you mean ' || spelling || '?'
                )
        when is_identifying and is_privileged
            then 'holds a privileged entitlement'
        when is_identifying and not identifies then 'identifies an account'
        when unwritable_because is not null then unwritable_because
        when is_sourced and sourced_by is not null
            then 'mastered by ' || sourced_by
        when wanted_value is null and is_required
            then 'required: it cannot be empty'
        when wanted_value is null then null
        when
            not coalesce(
                case value_type
                    when 'string' then json_type(wanted_value) = 'VARCHAR'
                    when 'boolean' then json_type(wanted_value) = 'BOOLEAN'
                    when 'integer'
                        then json_type(wanted_value) in ('UBIGINT', 'BIGINT')
                    when 'number'
                        then
                            json_type(wanted_value)
                            in ('UBIGINT', 'BIGINT', 'DOUBLE')
                    when 'array' then json_type(wanted_value) = 'ARRAY'
                end,
                false
            )
            then 'type: it takes ' || coalesce(value_type, 'another one')
        when length(wanted_value ->> '$') > max_length and value_type = 'string'
            then 'longer than ' || max_length
        when length(wanted_value ->> '$') < min_length and value_type = 'string'
            then 'shorter than ' || min_length
        when
            value_type <> 'array'
            and not list_contains(
                list_transform(allowed_values, lambda x: (x::json ->> '$')),
                wanted_value ->> '$'
            )
            then 'not among the allowed values'
        when
            max_character_bytes = 3
            and regexp_matches(
                wanted_value ->> '$', '[\x{10000}-\x{10FFFF}]'
            )
            then 'a character that the target cannot store'
    end,
                        'refused once (' || refused_with || '), '
                        || if(
                            lasts_until_schema_changes,
                            'until the schema changes', 'for 30 days'
                        )
                    )
        end as cannot_because
    from valued

)

select
    target,
    account_id,
    person_id,
    field,
    current_value,
    wanted_value,
    case
        when refused_because is not null then 'blocked'
        when is_same then 'same'
        when wanted_value is null and not clears then 'kept'
        when cannot_because is not null then 'blocked'
        else 'differs'
    end as state,
    case
        when state = 'blocked' then coalesce(refused_because, cannot_because)
    end as why
from judged