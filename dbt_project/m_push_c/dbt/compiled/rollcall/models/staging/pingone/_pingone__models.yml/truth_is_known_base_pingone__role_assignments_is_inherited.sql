

select * from "access"."staging"."base_pingone__role_assignments"
where is_inherited is null

