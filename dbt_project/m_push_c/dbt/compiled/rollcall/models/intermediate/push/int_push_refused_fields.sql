with

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

-- A refusal concerns the whole call, and does not say which attribute it means
refusals as (

    select
        plan_digest,
        change_id,
        account_id,
        changed_fields,
        schema_sha256,
        why
    from "access"."main"."applied_changes"
    where
        action = 'update_account'
        and outcome = 'failed'
        -- An older version did not record of which schema the refusal was
        and (
            schema_sha256 is not null
            or known_at > (select max(started_at) from main.runs) - interval 30 days
        )

),

current_schemas as (

    select
        refusals.plan_digest,
        refusals.change_id,
        sha256(string_agg(
        concat_ws('|', field, definition, sourced_by, identity_provider),
        ',' order by field
    )) as schema_sha256

    from refusals

    join profiles on refusals.account_id = profiles.account_id

    join profile_fields
        on
            profiles.source_name = profile_fields.source_name
            and profiles.user_type = profile_fields.user_type
            and list_contains(refusals.changed_fields, profile_fields.field)

    group by refusals.plan_digest, refusals.change_id

)

select
    refusals.account_id,
    profile_fields.field,
    profile_fields.refusal_code as code,
    bool_or(refusals.schema_sha256 is not null) as lasts_until_schema_changes

from refusals

left join current_schemas
    on
        refusals.plan_digest = current_schemas.plan_digest
        and refusals.change_id = current_schemas.change_id

join profiles on refusals.account_id = profiles.account_id

join profile_fields
    on
        profiles.source_name = profile_fields.source_name
        and profiles.user_type = profile_fields.user_type

where
    contains(refusals.why, profile_fields.refusal_code)
    and coalesce(
        list_contains(refusals.changed_fields, profile_fields.field), true
    )
    and (
        refusals.schema_sha256 is null
        or refusals.schema_sha256 = current_schemas.schema_sha256
    )
group by refusals.account_id, profile_fields.field, profile_fields.refusal_code