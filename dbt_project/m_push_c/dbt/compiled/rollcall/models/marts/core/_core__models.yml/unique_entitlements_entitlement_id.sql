
    
    

select
    entitlement_id as unique_field,
    count(*) as n_records

from "access"."main"."entitlements"
where entitlement_id is not null
group by entitlement_id
having count(*) > 1


