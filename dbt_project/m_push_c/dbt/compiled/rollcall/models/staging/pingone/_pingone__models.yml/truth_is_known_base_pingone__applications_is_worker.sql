

select * from "access"."staging"."base_pingone__applications"
where is_worker is null

