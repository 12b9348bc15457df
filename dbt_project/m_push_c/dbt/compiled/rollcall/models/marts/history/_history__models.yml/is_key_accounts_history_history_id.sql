

select history_id from "access"."main"."accounts_history"
group by history_id
having count(*) > 1 or history_id is null

