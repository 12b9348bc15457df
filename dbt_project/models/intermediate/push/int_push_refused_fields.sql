with

profiles as ({{ union_sources('profiles') }}),

profile_fields as ({{ union_sources('profile_fields') }}),

-- A refusal concerns the whole call, and does not say which attribute it means
refusals as (

    select
        account_id,
        changed_fields,
        why
    from {{ source('rollcall', 'applied_changes') }}
    where
        action = 'update_account'
        and outcome = 'failed'
        and known_at > {{ run_at() }} - interval 30 days

)

select distinct
    refusals.account_id,
    profile_fields.field,
    profile_fields.refusal_code as code

from refusals

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
