

select * from "access"."staging"."stg_okta__grants"
where is_inherited is null

