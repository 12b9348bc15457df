
    
    

with all_values as (

    select
        balance_reported as value_field,
        count(*) as n_records

    from "access"."main"."completeness_ledger"
    group by balance_reported

)

select *
from all_values
where value_field not in (
    0
)


