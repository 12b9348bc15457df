
    
    

select
    grant_id as unique_field,
    count(*) as n_records

from "access"."main"."grants"
where grant_id is not null
group by grant_id
having count(*) > 1


