

select * from "access"."staging"."base_haloitsm__team_rows"
where is_member is null or is_manager is null

