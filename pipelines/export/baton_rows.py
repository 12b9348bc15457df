"""The queries for the lists of a baton-file; `{source}` is the quoted name of the system."""

from __future__ import annotations

from pipelines.export.names import HOLDERS_SQL

USERS = (
    HOLDERS_SQL
    + """
select
    name_of(account_id) as name,
    coalesce(nullif(display_name, ''), nullif(username, ''), source_account_id) as display_name,
    coalesce(email, '') as email,
    case status when 'disabled' then 'disabled' else 'enabled' end as status,
    coalesce(strftime(last_login_at, '%m/%d/%Y'), '') as last_login,
    case account_type when 'service' then 'service' else 'human' end as type,
    source_account_id as user_id,
    coalesce(given_name, '') as first_name,
    coalesce(family_name, '') as last_name,
    coalesce(person_number, employee_number, '') as employee_id,
    coalesce(username, '') as login,
    coalesce(nullif(source_status, ''), status) as status_raw,
    coalesce(department, '') as department,
    coalesce(job_title, '') as title,
    coalesce(manager_email, '') as manager_email,
    coalesce(employment_status, '') as employment_status,
    coalesce(strftime(last_complete_at, '%Y-%m-%dT%H:%M:%SZ'), '') as source_as_of,
    coalesce(is_stale::varchar, '') as source_is_stale
from holders
"""
)

# The connector lists resources from the roots downwards, and would leave out a circle of parents.
RESOURCES = """
with recursive resources as (
    select
        resource_id,
        min(resource_type) as resource_type,
        min(resource_name) as resource_name,
        min(description) as description,
        min(parent_resource_id) as parent_resource_id
    from entitlements
    where source_name = {source}
    group by resource_id
),

placed (resource_id, parent_resource_id) as (
    select resource_id, null::varchar
    from resources
    where parent_resource_id is null
        or parent_resource_id not in (select resource_id from resources)

    union

    select resources.resource_id, resources.parent_resource_id
    from resources
    join placed on resources.parent_resource_id = placed.resource_id
)

select
    resources.resource_type,
    case resources.resource_type when 'role' then 'role' else 'group' end as resource_function,
    name_of(resources.resource_id) as name,
    coalesce(nullif(resources.resource_name, ''), name_of(resources.resource_id)) as display_name,
    coalesce(resources.description, '') as description,
    coalesce(name_of(placed.parent_resource_id), '') as parent_resource
from resources
left join placed on resources.resource_id = placed.resource_id
"""

# A role that is held for one population only is a separate entitlement.
ENTITLEMENTS = """
with scoped as (
    select entitlement_id, scope_type, scope_id, scope_name
    from grants
    where source_name = {source} and scope_id is not null

    union all

    select implied_entitlement_id, scope_type, scope_id, scope_name
    from intermediate.int_entitlement_implications
    where scope_id is not null
),

scopes as (
    select
        entitlement_id,
        scope_id,
        min(scope_type) as scope_type,
        max(scope_name) as scope_name
    from scoped
    group by entitlement_id, scope_id

    union all

    select entitlement_id, null, null, null
    from entitlements
)

select
    name_of(entitlements.resource_id) as resource_name,
    slug_of(entitlements.slug, scopes.scope_id) as entitlement,
    named(
        coalesce(nullif(entitlements.display_name, ''), entitlements.slug),
        scopes.scope_type, scopes.scope_name, scopes.scope_id
    ) as display_name,
    coalesce(entitlements.description, '') as description
from entitlements
join scopes on entitlements.entitlement_id = scopes.entitlement_id
where entitlements.source_name = {source}
"""

# The connector inherits access only where an entitlement gives it to every holder. Other inherited
# access is listed as direct, so that it is not lost.
GRANTS = """
with explained as (
    select grants.grant_id
    from grants
    join intermediate.int_entitlement_closure as closure
        on grants.entitlement_id = closure.entitlement_id
        and grants.scope_id is not distinct from closure.scope_id
        and list_contains(grants.inherited_from, closure.held_entitlement_id)
    where grants.source_name = {source}
)

select
    0 as place,
    name_of(account_id) as principal,
    key_of(entitlement_id, scope_id) as entitlement_id
from grants
where
    source_name = {source}
    and (is_direct or grant_id not in (select grant_id from explained))

union

select
    1 as place,
    key_of(entitlement_id, null) as principal,
    key_of(implied_entitlement_id, scope_id) as entitlement_id
from intermediate.int_entitlement_implications
where
    source_name = {source}
    and entitlement_id in (select entitlement_id from entitlements)
    and implied_entitlement_id in (select entitlement_id from entitlements)
"""
