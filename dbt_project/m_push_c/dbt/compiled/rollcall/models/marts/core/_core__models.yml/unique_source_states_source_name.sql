
    
    

select
    source_name as unique_field,
    count(*) as n_records

from "access"."main"."source_states"
where source_name is not null
group by source_name
having count(*) > 1


