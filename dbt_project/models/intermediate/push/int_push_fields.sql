{{ config(materialized='ephemeral') }}

with

rules as (

    select * from {{ source('push', 'rules') }}
    where kind = 'field'

),

targets as (

    select * from {{ source('push', 'targets') }}

),

-- A new account has the attributes of its type from its first day on
push_accounts as (

    select * from {{ ref('int_push_accounts') }}
    where account_id is not null or state = 'to_create'

),

wanted_fields as (

    select * from {{ source('push', 'wanted_fields') }}

),

profiles as ({{ union_sources('profiles') }}),

profile_fields as ({{ union_sources('profile_fields') }}),

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

    from {{ ref('grants') }} as grants

    join {{ ref('int_entitlements') }} as entitlements
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
        case
            when push_accounts.account_id is null
                then coalesce(targets.user_type, default_types.user_type)
            else profiles.user_type
        end as user_type,
        privileged.account_id is not null as is_privileged

    from push_accounts

    join targets on push_accounts.target = targets.target

    left join profiles on push_accounts.account_id = profiles.account_id

    left join default_types
        on push_accounts.target = default_types.source_name

    left join privileged
        on push_accounts.account_id = privileged.account_id

),

refused_fields as (

    select * from {{ ref('int_push_refused_fields') }}

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

-- A rule means the same for all accounts of a type
attributes as (

    select
        types.target,
        types.user_type,
        rules.rule_id as field,
        rules.clears,
        rules.identifies,
        rules.refused_because,
        profile_fields.* exclude (field, source_name, user_type),
        profile_fields.field is not null as is_known,
        known_types.user_type is not null as is_type_known,
        spellings.spelling

    from (select distinct target, user_type from accounts) as types

    join rules on types.target = rules.target

    left join known_types
        on
            types.target = known_types.source_name
            and types.user_type = known_types.user_type

    left join profile_fields
        on
            types.target = profile_fields.source_name
            and types.user_type = profile_fields.user_type
            and rules.rule_id = profile_fields.field

    left join spellings
        on
            types.target = spellings.source_name
            and types.user_type = spellings.user_type
            and lower(rules.rule_id) = spellings.field

),

live_values as (

    select
        accounts.* exclude (profile),
        rules.rule_id as field,
        accounts.profile[rules.rule_id] as live_value

    from accounts

    join rules on accounts.target = rules.target

),

states as (

    select
        live_values.account_id,
        live_values.person_id,
        live_values.state as account_state,
        live_values.why as account_why,
        live_values.sourced_by,
        live_values.is_privileged,
        live_values.live_value,
        attributes.* exclude (user_type),
        wanted_fields.wanted_value,
        refused_fields.code as refused_with,
        refused_fields.lasts_until_schema_changes

    from live_values

    left join attributes
        on
            live_values.target = attributes.target
            and live_values.user_type is not distinct from attributes.user_type
            and live_values.field = attributes.field

    left join wanted_fields
        on
            live_values.target = wanted_fields.target
            and live_values.field = wanted_fields.field
            and live_values.person_id = wanted_fields.person_id

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
            else {{ same_json('current_value', 'wanted_value') }}
        end as is_same,
        case
            when not is_same
                then
                    coalesce(
                        {{ field_refused_because() }},
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
