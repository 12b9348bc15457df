

select * from "access"."intermediate"."int_effective_grants"
where not coalesce(is_direct, false) and not coalesce(is_inherited, false)

