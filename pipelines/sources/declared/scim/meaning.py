"""What the tables of every SCIM server mean: the mapping of a file that has none of its own."""

from __future__ import annotations

from pipelines.sources.declared.declaration import Mapping

# Who is in which group, by the word of the group or through groups in it
REACHED = """
with recursive nested as (
    select member_id as child_id, group_id as parent_id from members where type = 'Group'
    union
    select nested.child_id, members.group_id
    from nested
    join members on nested.parent_id = members.member_id and members.type = 'Group'
),

reached as (
    select member_id as user_id, group_id from members where type <> 'Group'
    union
    select members.member_id, nested.parent_id
    from members
    join nested on members.group_id = nested.child_id
    where members.type <> 'Group'
),

only_said_by_users as (
    select distinct on (user_groups.user_id, user_groups.group_id) user_groups.*
    from user_groups
    anti join reached
        on user_groups.user_id = reached.user_id and user_groups.group_id = reached.group_id
    where user_groups.group_id is not null
    order by user_groups.user_id, user_groups.group_id, user_groups.type
)
"""

ACCOUNTS = """
select
    id as account_id,
    case when endpoint <> 'Users' then 'service' end as account_type,
    display_name,
    user_name as username,
    email,
    employee_number,
    case active when 'true' then 'enabled' when 'false' then 'disabled' end as status,
    case active when 'true' then 'active' when 'false' then 'inactive' end as source_status,
    try_cast(created as timestamptz) as created_at,
    try_cast(last_modified as timestamptz) as updated_at
from users
"""

ENTITLEMENTS = f"""
{REACHED}
select
    'group:' || id as entitlement_id,
    'group' as resource_type,
    id as resource_id,
    'member' as slug,
    display_name
from groups

union all by name

select
    'group:' || group_id as entitlement_id,
    'group' as resource_type,
    group_id as resource_id,
    'member' as slug,
    max(display) as display_name
from only_said_by_users
where group_id not in (select id from groups)
group by group_id

union all by name

select
    kind || ':' || value as entitlement_id,
    kind as resource_type,
    value as resource_id,
    'assigned' as slug,
    max(display) as display_name
from user_roles
group by kind, value
"""

GRANTS = f"""
{REACHED}
select distinct
    member_id as account_id,
    'group:' || group_id as entitlement_id,
    false as is_inherited
from members
where type <> 'Group'

union all

select
    user_id,
    'group:' || group_id,
    coalesce(type = 'indirect', false)
from only_said_by_users

union all

select distinct user_id, kind || ':' || value, false
from user_roles
"""

IMPLICATIONS = """
select distinct
    'group:' || member_id as entitlement_id,
    'group:' || group_id as implied_entitlement_id
from members
where type = 'Group'
"""

MAPPING = Mapping(
    accounts=ACCOUNTS, entitlements=ENTITLEMENTS, grants=GRANTS, implications=IMPLICATIONS
)
