

select * from "access"."staging"."base_haloitsm__role_teams"
where is_member is null or is_manager is null

