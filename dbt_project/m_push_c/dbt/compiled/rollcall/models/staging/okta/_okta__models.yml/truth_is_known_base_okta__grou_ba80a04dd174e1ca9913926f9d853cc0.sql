

select * from "access"."staging"."base_okta__groups"
where is_external is null or is_everyone is null or is_rule_managed is null or is_rule_full is null

