

select wanted_change_id from "access"."intermediate"."int_wanted_changes"
group by wanted_change_id
having count(*) > 1 or wanted_change_id is null

