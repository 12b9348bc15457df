

select * from "access"."staging"."stg_declared__grants"
where is_inherited is null

