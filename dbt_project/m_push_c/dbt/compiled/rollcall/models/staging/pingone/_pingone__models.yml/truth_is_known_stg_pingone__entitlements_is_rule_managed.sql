

select * from "access"."staging"."stg_pingone__entitlements"
where is_rule_managed is null

