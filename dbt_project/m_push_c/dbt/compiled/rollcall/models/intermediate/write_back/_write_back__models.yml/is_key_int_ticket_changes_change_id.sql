

select change_id from "access"."intermediate"."int_ticket_changes"
group by change_id
having count(*) > 1 or change_id is null

