select
    'okta:user:' || id as account_id,
    null::varchar as left_out_because
from "access"."raw_okta"."users"

union all

select
    'okta:client:' || client_id as account_id,
    case
        when not is_service
            then 'an application that people sign in to, not a service'
    end as left_out_because
from "access"."staging"."base_okta__applications"