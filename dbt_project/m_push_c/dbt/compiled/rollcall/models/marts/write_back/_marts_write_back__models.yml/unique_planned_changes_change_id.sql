
    
    

select
    change_id as unique_field,
    count(*) as n_records

from "access"."main"."planned_changes"
where change_id is not null
group by change_id
having count(*) > 1


