

select * from "access"."staging"."stg_haloitsm__grants"
where is_inherited is null

