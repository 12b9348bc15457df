

select * from "access"."staging"."stg_okta__entitlements"
where is_rule_managed is null

