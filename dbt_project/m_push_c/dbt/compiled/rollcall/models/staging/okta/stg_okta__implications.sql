-- Roles only: a group does not give its applications to deactivated members
select distinct
    'okta:group:' || principal_id || ':member' as entitlement_id,
    'okta:role:' || role_id || ':assigned' as implied_entitlement_id,
    scope_type,
    scope_id,
    scope_name
from "access"."staging"."base_okta__role_assignments"
where principal_type = 'group' and last_read_at is null