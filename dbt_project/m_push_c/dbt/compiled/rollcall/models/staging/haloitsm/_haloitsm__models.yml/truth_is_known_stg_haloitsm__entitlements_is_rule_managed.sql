

select * from "access"."staging"."stg_haloitsm__entitlements"
where is_rule_managed is null

