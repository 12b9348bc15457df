
    
    

select
    remediation_id as unique_field,
    count(*) as n_records

from "access"."main"."remediations"
where remediation_id is not null
group by remediation_id
having count(*) > 1


