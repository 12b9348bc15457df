

select * from "access"."staging"."base_pingone__groups"
where is_external is null or is_rule_managed is null

