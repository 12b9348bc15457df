

select * from "access"."staging"."base_okta__role_assignments"
where is_inherited is null

