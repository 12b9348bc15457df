

select * from "access"."staging"."base_pingone__memberships"
where is_direct is null

