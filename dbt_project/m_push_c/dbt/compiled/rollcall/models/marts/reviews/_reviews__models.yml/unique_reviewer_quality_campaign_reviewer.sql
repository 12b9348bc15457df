
    
    

select
    campaign || '/' || reviewer as unique_field,
    count(*) as n_records

from "access"."main"."reviewer_quality"
where campaign || '/' || reviewer is not null
group by campaign || '/' || reviewer
having count(*) > 1


