

select * from "access"."staging"."stg_declared__entitlements"
where is_rule_managed is null

