with

 __dbt__cte__int_push_fields as (


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
), targets as (

    select * from "access"."push"."targets"

),

push_accounts as (

    select * from "access"."intermediate"."int_push_accounts"

),

people as (

    select * from "access"."intermediate"."int_people"

),

accounts as (

    select account_id, username from "access"."intermediate"."int_accounts_matched_to_people"

),

fields as (

    select * from "access"."main"."push_fields"

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

entitlements as (

    select entitlement_id, display_name from "access"."main"."entitlements"

),

held_access as (

    select
        account_id,
        unnest(returns) as entitlement_id
    from "access"."main"."push_accounts"

),

returns as (

    select
        held_access.account_id,
        string_agg(
            coalesce(entitlements.display_name, held_access.entitlement_id),
            ', '
            order by entitlements.display_name, held_access.entitlement_id
        ) as names

    from held_access

    left join entitlements
        on held_access.entitlement_id = entitlements.entitlement_id

    group by held_access.account_id

),

-- Whatever cannot be written now is told once the account is there
new_profiles as (

    select
        target,
        person_id,
        (
        '{' || string_agg(
            to_json(field)::varchar || ':'
            || coalesce(wanted_value::varchar, 'null'),
            ',' order by field
        ) || '}'
    ) as profile
    from __dbt__cte__int_push_fields
    where account_id is null and state = 'differs' and wanted_value is not null
    group by target, person_id

),

created as (

    select
        push_accounts.target as source_name,
        push_accounts.person_id,
        'create_account' as action,
        push_accounts.target || '/profiles' as reason_id,
        'rule profiles.create' as reason,
        '{"has_account": false}' as expected_state,
        json_object(
            'username', push_accounts.login,
            'email', people.work_email,
            'given_name', people.given_name,
            'family_name', people.family_name,
            'employee_number', people.employee_number,
            'population_id', null,
            'is_enabled', false,
            'profile', coalesce(new_profiles.profile, '{}')::json,
            'user_type', targets.user_type
        )::varchar as wanted_state

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join people on push_accounts.person_id = people.person_id

    left join new_profiles
        on
            push_accounts.target = new_profiles.target
            and push_accounts.person_id = new_profiles.person_id

    where push_accounts.state = 'to_create'

),

enabled as (

    select
        push_accounts.target as source_name,
        push_accounts.person_id,
        push_accounts.account_id,
        'enable_account' as action,
        push_accounts.target || '/profiles' as reason_id,
        case push_accounts.state
            when 'to_activate' then 'rule profiles.activate'
            else 'rule profiles.reactivate'
        end as reason,
        json_object(
            'status', push_accounts.status,
            'source_status', push_accounts.source_status,
            'status_detail', push_accounts.status_detail
        )::varchar as expected_state,
        json_object(
            'status', 'enabled',
            'source_status', push_accounts.source_status,
            'sends_mail', targets.sends_mail
        )::varchar as wanted_state,
        returns.names as residual

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join returns on push_accounts.account_id = returns.account_id

    where push_accounts.state in ('to_activate', 'to_reactivate')

),

differing as (

    select
        fields.*,
        profile_fields.definition,
        profiles.sourced_by,
        profiles.identity_provider

    from fields

    left join profiles on fields.account_id = profiles.account_id

    left join profile_fields
        on
            profiles.source_name = profile_fields.source_name
            and profiles.user_type = profile_fields.user_type
            and fields.field = profile_fields.field

    where fields.state = 'differs'

),

updated as (

    select
        target as source_name,
        person_id,
        account_id,
        'update_account' as action,
        target || '/fields' as reason_id,
        'rule ' || string_agg(rule, ', ' order by rule) as reason,
        concat(
            '{"profile":', (
        '{' || string_agg(
            to_json(field)::varchar || ':'
            || coalesce(current_value::varchar, 'null'),
            ',' order by field
        ) || '}'
    ),
            ',"schema_sha256":"', sha256(string_agg(
        concat_ws('|', field, definition, sourced_by, identity_provider),
        ',' order by field
    )), '"}'
        ) as expected_state,
        '{"profile":' || (
        '{' || string_agg(
            to_json(field)::varchar || ':'
            || coalesce(wanted_value::varchar, 'null'),
            ',' order by field
        ) || '}'
    ) || '}' as wanted_state
    from differing
    group by target, person_id, account_id

),

blocked_accounts as (

    select
        target as source_name,
        person_id,
        account_id,
        case
            when account_id is null then 'create_account'
            when status_detail = 'deactivated' then 'enable_account'
            else 'update_account'
        end as action,
        target || '/profiles' as reason_id,
        'rule profiles' as reason,
        why as blocked_because
    from push_accounts
    where state = 'blocked'

),

-- One row per rule and reason, however many accounts it concerns
blocked_fields as (

    select
        fields.target as source_name,
        case when count(*) = 1 then min(fields.person_id) end as person_id,
        case when count(*) = 1 then min(fields.account_id) end as account_id,
        'update_account' as action,
        fields.target || '/fields' as reason_id,
        'rule ' || fields.rule || case
            when count(*) > 1
                then
                    ': ' || count(*) || ' accounts, such as ' || list_aggregate(
                        list(
                            coalesce(accounts.username, fields.account_id)
                            order by accounts.username, fields.account_id
                        )[:3],
                        'string_agg', ', '
                    )
            else ''
        end as reason,
        fields.why as blocked_because

    from fields

    join push_accounts
        on
            fields.target = push_accounts.target
            and fields.account_id = push_accounts.account_id

    left join accounts on fields.account_id = accounts.account_id

    where
        fields.state = 'blocked'
        -- The account's own reason is told once
        and push_accounts.state not in ('blocked', 'to_reactivate')
    group by fields.target, fields.rule, fields.why

)

select * from created
union all by name
select * from enabled
union all by name
select * from updated
union all by name
select * from blocked_accounts
union all by name
select * from blocked_fields