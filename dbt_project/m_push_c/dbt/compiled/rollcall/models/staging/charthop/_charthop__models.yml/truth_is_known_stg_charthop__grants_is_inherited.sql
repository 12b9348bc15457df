

select * from "access"."staging"."stg_charthop__grants"
where is_inherited is null

