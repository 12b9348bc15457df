"""SQL that compares the attributes that push rules want with those of a target (`target.py`)."""

from __future__ import annotations

NO_FIELDS = """
select
    null::varchar as user_type, null::varchar as field, null::varchar as value_type,
    null::varchar[] as allowed_values, null::varchar as unwritable_because,
    null::bigint as min_length, null::bigint as max_length, null::int as max_character_bytes,
    null::boolean as is_sourced, null::boolean as is_identifying, null::boolean as is_required
where false
"""
VALUES_SQL = """
with
fields as ({fields}),
compared as (
    select
        persons.person_id,
        persons.full_name,
        persons.work_email,
        persons.account_id,
        persons.username,
        persons.state as account_state,
        persons.why as account_why,
        accounts.is_privileged,
        accounts.sourced_by,
        case
            when (accounts.profile->>$path) <> '' then accounts.profile->$path
        end as current_value,
        -- A blank is null in what the rules want
        case
            when (wanted_profiles.profile->>$path) is not null then wanted_profiles.profile->$path
        end as wanted_value,
        $target as target,
        $identifies as identifies,
        fields.* exclude (field, user_type, is_identifying),
        coalesce(fields.is_identifying, $field in ({identifying})) as is_identifying,
        -- Until a sync has read them, every attribute may be one
        exists(from fields) as is_schema_read,
        exists(from fields as one where one.user_type = accounts.user_type) as is_type_known,
        fields.field is not null as is_known,
        (
            select min(one.field) from fields as one
            where one.user_type = accounts.user_type and lower(one.field) = lower($field)
        ) as spelling
    from wanted_profiles
    join target_persons as persons on wanted_profiles.person_id = persons.person_id
    left join target_accounts as accounts on persons.account_id = accounts.account_id
    left join fields
        on accounts.user_type = fields.user_type and fields.field = $field
),
judged as (
    select
        *,
        case
            when account_id is null or is_schema_read then {refused_because}
            when account_state = 'to_reactivate'
                then 'deactivated: its attributes follow when it is active'
            when account_why is not null then account_why
            when $field in ({never}) then 'it is never written'
            when is_identifying and is_privileged then 'holds a privileged entitlement'
            when is_identifying and not identifies then 'identifies an account'
        end as refused_because
    from compared
)
select
    person_id,
    full_name,
    work_email,
    account_id,
    username,
    current_value,
    wanted_value,
    case
        when account_id is not null and ({is_same}) then 'same'
        when account_id is not null and wanted_value is null and not $clear then 'kept'
        when refused_because is not null then 'blocked'
        else 'differs'
    end as state,
    case when state = 'blocked' then refused_because end as why
from judged
order by full_name, person_id
"""
