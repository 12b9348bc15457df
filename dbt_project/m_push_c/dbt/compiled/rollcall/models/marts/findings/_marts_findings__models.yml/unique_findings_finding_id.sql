
    
    

select
    finding_id as unique_field,
    count(*) as n_records

from "access"."main"."findings"
where finding_id is not null
group by finding_id
having count(*) > 1


