"""Write the CSV files that ConductorOne's file connector takes: accounts and grants.

The connector knows no nesting, so inherited access is listed like direct access. The connector has
no status for an unknown account either, so an unknown status counts as enabled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.names import HOLDERS_SQL
from pipelines.files.safe_csv import write_csv
from pipelines.sql import quote

# conductorone.com/docs/baton/file-connectors, "Expected data values": these column names need no
# mapping, and columns with other names are not imported. "Designate service and system accounts":
# the User Type may be Service or System. "Import last login info": ISO 8601 is one of the formats.
ACCOUNTS = (
    HOLDERS_SQL
    + """
select
    source_account_id as "User ID",
    username as "Username",
    coalesce(email, work_email) as "Email Address",
    coalesce(full_name, display_name) as "Full Name",
    case status when 'disabled' then 'disabled' else 'enabled' end as "User Status",
    case account_type when 'service' then 'Service' end as "User Type",
    case account_type when 'service' then work_email end as "Account Owner",
    manager_email as "Manager ID",
    strftime(last_login_at, '%Y-%m-%dT%H:%M:%SZ') as "Last Login",
    coalesce(source_status, status) as "Source Status",
    strftime(last_complete_at, '%Y-%m-%dT%H:%M:%SZ') as "Source As Of",
    is_stale as "Source Is Stale"
from holders
"""
)

# The same page, "Refresh or replace file data": Resource Type, Resource Name and Entitlement
# identify an entitlement, without regard to case. With the display name as Resource Name, a renamed
# group would be a new group and two groups of one name would be the same, so we give the id.
GRANTS = """
select
    accounts.source_account_id as "User ID",
    accounts.email as "Email Address",
    entitlements.resource_type as "Resource Type",
    name_of(entitlements.resource_id) as "Resource Name",
    slug_of(entitlements.slug, grants.scope_id) as "Entitlement",
    named(
        coalesce(nullif(entitlements.display_name, ''), entitlements.slug),
        grants.scope_type, grants.scope_name, grants.scope_id
    ) as "Entitlement Display Name",
    entitlements.description as "Entitlement Description",
    entitlements.slug as "Entitlement Slug",
    coalesce(grants.access_path, 'direct') as "Access Path",
    strftime(source_states.last_complete_at, '%Y-%m-%dT%H:%M:%SZ') as "Source As Of",
    source_states.is_stale as "Source Is Stale"
from grants
join accounts on grants.account_id = accounts.account_id
join entitlements on grants.entitlement_id = entitlements.entitlement_id
left join source_states on grants.source_name = source_states.source_name
where grants.source_name = {source}
"""


def write_conductorone(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """Write `<source>-accounts.csv` and `<source>-grants.csv`."""
    for part, sql, order in (
        ("accounts", ACCOUNTS, '"User ID"'),
        ("grants", GRANTS, '"User ID", "Resource Name", "Entitlement"'),
    ):
        path = folder / f"{source}-{part}.csv"
        yield write_csv(warehouse, path, sql.format(source=quote(source)), order)
