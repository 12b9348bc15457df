select
    'charthop:person:' || id as account_id,
    null::varchar as left_out_because
from "access"."raw_charthop"."persons"