

select * from "access"."staging"."stg_okta__profile_fields"
where is_sourced is null or is_identifying is null or is_required is null or is_default_type is null

