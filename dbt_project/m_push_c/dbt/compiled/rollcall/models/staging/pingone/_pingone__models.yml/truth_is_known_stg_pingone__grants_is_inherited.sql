

select * from "access"."staging"."stg_pingone__grants"
where is_inherited is null

