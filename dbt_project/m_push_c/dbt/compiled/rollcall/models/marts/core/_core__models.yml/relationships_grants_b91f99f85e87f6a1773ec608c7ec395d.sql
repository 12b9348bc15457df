
    
    

with child as (
    select entitlement_id as from_field
    from "access"."main"."grants"
    where entitlement_id is not null
),

parent as (
    select entitlement_id as to_field
    from "access"."main"."entitlements"
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null


