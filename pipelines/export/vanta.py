"""Files for Vanta: one row per account of each source, with its access."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.names import HOLDERS_SQL, NAME_MACROS
from pipelines.files.safe_csv import write_csv
from pipelines.sql import quote

SPACED = """
create or replace temp macro single_spaced(text) as
    trim(regexp_replace(text, '[\\s\\p{Z}]+', ' ', 'g'))
"""


# help.vanta.com, article 11345421 "Access File Uploader": "Extra spaces are not allowed", roles are
# separated by commas, an owner is a mail address known to Vanta, "No owner" or "Not a person", and
# a status is Active or Deactivated.
ACCESS_FILE = (
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
    """`<source>.csv`, one row per account with all that it holds in one cell."""
    warehouse.execute(NAME_MACROS + ";" + SPACED)
    path = folder / f"{source}.csv"
    yield write_csv(warehouse, path, ACCESS_FILE.format(source=quote(source)), '"Account name"')
