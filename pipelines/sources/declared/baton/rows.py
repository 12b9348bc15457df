"""The tables of every file of baton's, and what they mean: users, resources, entitlements, grants.

A grant names who holds it (`principal`) and what (`entitlement`) by keys of the file. `through` is
the entitlement from which a holder has it, where the file has worked that out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.sources.declared.contract import SLUGS
from pipelines.sources.declared.declaration import Mapping
from pipelines.sources.declared.read_tables import ROWS_PER_BATCH, ReadTables
from pipelines.sql import quote

TABLES = {
    "users": (
        *("principal", "account_id", "resource_type", "display_name", "email", "login"),
        *("employee_number", "account_type", "status", "status_details", "mfa_enabled"),
        *("last_login_at", "created_at", "profile"),
    ),
    "resources": (
        *("resource", "resource_type", "resource_id", "trait"),
        *("display_name", "description", "parent"),
    ),
    "entitlements": ("entitlement", "resource", "slug", "display_name", "description"),
    "grants": ("principal", "entitlement", "through", "expands", "is_read_only", "grant_id"),
    # Who holds the entitlement has the implied one, too: directly only if it is shallow, and users
    # of these types only if there are any
    "inheritance": ("entitlement", "implied", "is_shallow", "resource_types"),
}
Row = dict[str, Any]


def add_rows(into: ReadTables, table: str, rows: Iterable[Row]) -> None:
    """Fill a table; a value that a row lacks is null, and a truth value is text."""
    schema = pa.schema([(column, pa.string()) for column in TABLES[table]])

    def batches() -> Iterator[pa.RecordBatch]:
        batch: list[Row] = []
        for row in rows:
            batch.append({name: _write(value) for name, value in row.items()})
            if len(batch) == ROWS_PER_BATCH // 10:
                yield pa.RecordBatch.from_pylist(batch, schema)
                batch = []
        if batch:
            yield pa.RecordBatch.from_pylist(batch, schema)

    into.add_batches(table, schema, batches())


def _write(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() or None if value is not None else None


ACCOUNTS = """
select
    account_id,
    account_type,
    display_name,
    login as username,
    email,
    employee_number,
    status,
    status_details as source_status,
    mfa_enabled,
    last_login_at,
    created_at
from users

union all by name

-- What is no user and holds something that nobody inherits: a reviewer sees it as an account
select distinct
    resources.resource as account_id,
    resources.display_name
from grants
join resources on grants.principal = resources.resource
where
    not grants.expands::boolean
    and grants.through is null
    and grants.principal not in (select principal from users)
"""
# The marts know few types of resources and slugs: another type is told by its trait, and it and
# another slug become parts of the key
RESOURCE_TYPES = ("group", "team", "role", "population", "application")
ENTITLEMENTS = f"""
with known as (
    select
        *,
        case
            when resource_type in ({", ".join(map(quote, RESOURCE_TYPES))}) then resource_type
            when trait = 'app' then 'application'
            when trait = 'group' then 'group'
            else 'role'
        end as kind,
        case when kind <> resource_type then resource_type || ':' else '' end || resource_id as key
    from resources
),

placed as (
    select
        entitlements.entitlement as entitlement_id,
        known.kind as resource_type,
        case when is_known then known.key else known.key || ':' || slug end as resource_id,
        known.display_name as resource_name,
        case when is_known then slug end as slug,
        entitlements.display_name,
        coalesce(entitlements.description, known.description) as description,
        known.parent
    from (
        select *, slug in ({", ".join(map(quote, SLUGS))}) as is_known from entitlements
    ) as entitlements
    left join known on entitlements.resource = known.resource
),

parents as (
    select known.resource, keys.resource_id
    from (
        select resource_id, min(resource_type) as kind from placed
        group by resource_id having count(distinct resource_type) = 1
    ) as keys
    join known on keys.resource_id = known.key and keys.kind = known.kind
)

select placed.* exclude (parent), parents.resource_id as parent_resource_id
from placed
left join parents on placed.parent = parents.resource
"""
# All users, or some of them: an implication says that every holder has the implied entitlement
INHERITANCE = """
with inheriting as (
    select
        entitlement,
        implied,
        is_shallow::boolean as is_shallow,
        from_json(resource_types, '["varchar"]') as resource_types
    from inheritance
    where entitlement <> implied
),

judged as (
    select
        *,
        not is_shallow and (
            len(resource_types) = 0
            or list_has_all(resource_types, (select list(distinct resource_type) from users))
        ) as is_for_all
    from inheriting
)
"""
GRANTS = f"""
{INHERITANCE}

select
    coalesce(users.account_id, grants.principal) as account_id,
    grants.entitlement as entitlement_id,
    grants.through as inherited_through,
    grants.grant_id as source_grant_id,
    grants.is_read_only
from grants
left join users on grants.principal = users.principal
where users.principal is not null or (not grants.expands::boolean and grants.through is null)

union all by name

select distinct
    users.account_id,
    judged.implied as entitlement_id,
    judged.entitlement as inherited_through
from judged
join grants on judged.entitlement = grants.entitlement
join users on grants.principal = users.principal
where
    not judged.is_for_all
    and (grants.through is null or not judged.is_shallow)
    and (
        len(judged.resource_types) = 0
        or list_contains(judged.resource_types, users.resource_type)
    )
    and (users.principal, judged.implied, judged.entitlement) not in (
        select (principal, entitlement, through) from grants where through is not null
    )
"""
IMPLICATIONS = f"""
{INHERITANCE}

select distinct entitlement as entitlement_id, implied as implied_entitlement_id
from judged where is_for_all
"""
MAPPING = Mapping(
    accounts=ACCOUNTS, entitlements=ENTITLEMENTS, grants=GRANTS, implications=IMPLICATIONS
)
