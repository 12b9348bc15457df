select
    target,
    account_id,
    person_id,
    field,
    'fields.' || field as rule,
    current_value::varchar as current_value,
    wanted_value::varchar as wanted_value,
    state,
    why
from {{ ref('int_push_fields') }}
where account_id is not null
