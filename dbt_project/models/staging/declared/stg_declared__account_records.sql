with

source as (

    {{ declared_rows('mapped_accounts', {
        'account_id': 'varchar'
    }) }}

)

select
    *,
    null::varchar as left_out_because
from source
