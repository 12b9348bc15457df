

select * from "access"."staging"."base_okta__users"
where is_deprovisioned is null

