

select * from "access"."staging"."base_okta__applications"
where is_service is null

