
    
    

with all_values as (

    select
        balance_reviewed as value_field,
        count(*) as n_records

    from (select * from "access"."main"."completeness_ledger" where reviewed_in is null) dbt_subquery
    group by balance_reviewed

)

select *
from all_values
where value_field not in (
    0
)


