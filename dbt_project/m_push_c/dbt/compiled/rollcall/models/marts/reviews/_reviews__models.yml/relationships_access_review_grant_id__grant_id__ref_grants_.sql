
    
    

with child as (
    select grant_id as from_field
    from "access"."main"."access_review"
    where grant_id is not null
),

parent as (
    select grant_id as to_field
    from "access"."main"."grants"
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null


