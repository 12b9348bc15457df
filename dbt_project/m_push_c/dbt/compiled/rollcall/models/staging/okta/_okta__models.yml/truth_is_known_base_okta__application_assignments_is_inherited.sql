

select * from "access"."staging"."base_okta__application_assignments"
where is_inherited is null

