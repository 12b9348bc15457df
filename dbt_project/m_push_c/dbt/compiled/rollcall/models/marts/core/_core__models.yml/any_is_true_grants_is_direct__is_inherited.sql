

select * from "access"."main"."grants"
where not coalesce(is_direct, false) and not coalesce(is_inherited, false)

