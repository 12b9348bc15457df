with

source as (

    select
        null::varchar as source_name,
        null::varchar as account_id,
        null::varchar as source_account_id,
        null::varchar as account_type,
        null::varchar as display_name,
        null::varchar as username,
        null::varchar as email,
        null::varchar as employee_number,
        null::varchar as person_id,
        null::varchar as status,
        null::varchar as source_status,
        null::boolean as mfa_enabled,
        null::boolean as reports_logins,
        null::timestamptz as last_login_at,
        null::timestamptz as created_at,
        null::timestamptz as updated_at
    where false

)

select
    * replace (nullif(
        regexp_replace(nfc_normalize(lower(trim(email, '	
                  　'))), '\.$', ''), ''
    ) as email),
    'ticket' as change_channel
from source