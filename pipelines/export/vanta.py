"""Write the file that Vanta's access review takes: one row per account, with its access.

Vanta has no status for an unknown account, so an unknown status counts as active.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.names import HOLDERS_SQL
from pipelines.files.safe_csv import write_csv
from pipelines.sql import quote

# help.vanta.com, article 11345421 "Access File Uploader": "Extra spaces are not allowed". Roles are
# separated by commas. An owner is an email address known to Vanta, "No owner" or "Not a person". A
# status is Active or Deactivated.
ACCOUNTS = (
    HOLDERS_SQL
    + """
, roles as (
    select
        grants.account_id,
        list(replace(single_spaced(named(
            coalesce(nullif(entitlements.display_name, ''), entitlements.slug),
            grants.scope_type, grants.scope_name, grants.scope_id
        )), ',', ';')) as role_names
    from grants
    join entitlements on grants.entitlement_id = entitlements.entitlement_id
    where grants.source_name = {source}
    group by grants.account_id
),

spaced as (
    select
        *,
        coalesce(
            nullif(single_spaced(username), ''),
            nullif(single_spaced(display_name), ''),
            source_account_id
        ) as spaced_name
    from holders
)

select
    spaced_name || case
        when count(*) over (partition by lower(spaced_name)) > 1
            then ' (' || source_account_id || ')'
        else ''
    end as "Account name",
    case
        when work_email is not null then work_email
        when account_type = 'service' then 'Not a person'
        else 'No owner'
    end as "Account owner",
    array_to_string(list_sort(role_names), ', ') as "Role",
    case status when 'disabled' then 'Deactivated' else 'Active' end as "Status"
from spaced
left join roles on spaced.account_id = roles.account_id
"""
)


def write_vanta(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """Write `<source>.csv`, with everything that an account holds in one cell."""
    path = folder / f"{source}.csv"
    yield write_csv(warehouse, path, ACCOUNTS.format(source=quote(source)), '"Account name"')
