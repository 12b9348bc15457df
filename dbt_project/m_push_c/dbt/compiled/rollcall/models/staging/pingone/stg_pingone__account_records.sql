select
    'pingone:user:' || id as account_id,
    null::varchar as left_out_because
from "access"."raw_pingone"."users"

union all

select
    'pingone:application:' || id as account_id,
    case
        when
            upper(json_extract_string(payload, '$.type'))
            is distinct from 'WORKER'
            then 'an application that people sign in to, not a worker'
    end as left_out_because
from "access"."raw_pingone"."applications"