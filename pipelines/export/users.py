"""Write every account of a source with its attributes, in the columns that an HR import takes.

The columns of the template that HR imports people from come first. They hold what the system itself
says, and where it says nothing, what HR says of the account's person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export.names import HOLDERS_SQL
from pipelines.files.safe_csv import write_csv
from pipelines.sql import has_table, quote

# docs/formats.md names the vendor's page: these columns in this order, a date is M/D/YYYY, and a
# manager is a mail address.
TEMPLATE = ("Work Email", "First Name", "Last Name", "Job Title", "Start Date", "Manager")
ACCOUNT = ("status", "id", "login", "employeeNumber")
# Of a source without attributes, and for the columns that an older version's tables lack
NO_PROFILES = """
select
    null::varchar as account_id, null::varchar as given_name, null::varchar as family_name,
    null::varchar as job_title, null::varchar as manager_email, null::json as profile
where false
"""
USERS = (
    HOLDERS_SQL
    + """
, profiles as ({no_profiles} {profiles})

select
    coalesce(holders.email, holders.work_email) as work_email,
    coalesce(profiles.given_name, holders.given_name) as given_name,
    coalesce(profiles.family_name, holders.family_name) as family_name,
    coalesce(profiles.job_title, holders.job_title) as job_title,
    strftime(holders.started_on, '%-m/%-d/%Y') as started_on,
    coalesce(profiles.manager_email, holders.manager_email) as manager_email,
    coalesce(holders.source_status, holders.status) as source_status,
    holders.source_account_id,
    holders.username,
    holders.employee_number
    {attributes}
from holders
left join profiles on holders.account_id = profiles.account_id
"""
)


def write_users(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """Write `users_<source>.csv`, with one row per account, the disabled ones included."""
    table = f"stg_{source}__profiles"
    is_kept = has_table(warehouse, table, "staging")
    names = _list_attributes(warehouse, table) if is_kept else []
    sql = USERS.format(
        source=quote(source),
        no_profiles=NO_PROFILES,
        profiles=f"union all by name from staging.{table}" if is_kept else "",
        attributes="".join(
            f", profiles.profile ->> {quote(_point_to(name))} as attribute_{place}"
            for place, name in enumerate(names)
        ),
    )
    path = folder / f"users_{source}.csv"
    yield write_csv(warehouse, path, sql, "source_account_id", header=(*TEMPLATE, *ACCOUNT, *names))


def _list_attributes(warehouse: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the names of the attributes that any account has, and that no other column shows."""
    found = warehouse.execute(
        f"select distinct unnest(json_keys(profile)) as name from staging.{table} order by name"
    ).fetchall()
    return [name for (name,) in found if name not in ACCOUNT]


def _point_to(name: str) -> str:
    """Return the JSON pointer to an attribute, whatever characters its name has (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
