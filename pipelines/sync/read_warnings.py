"""Warn of a read that is complete and yet may lack something, from the first sync on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.sources.needed_fields import find_missing_fields, list_needed_fields

DANGLING_SHARE = 0.5  # of the grants of one source
DANGLING_SQL = """
with counted as (
    select source_name, count(*) as dangling from main.dangling_grants group by source_name
),
kept as (
    select source_name, count(*) as kept from main.grants group by source_name
)
select counted.source_name, dangling, dangling + coalesce(kept, 0)
from counted left join kept using (source_name)
where dangling > ? * (dangling + coalesce(kept, 0))
order by all
"""
# A day is left for clocks that differ, as in the macro is_login_ahead
AHEAD_SQL = """
select source_name, count(*), max(last_login_at)::date::varchar
from main.accounts where last_login_at > last_seen_at + interval 1 day
group by source_name order by all
"""


def find_read_warnings(
    candidate: Path, sources: list[str], warn: Callable[[str, str], None]
) -> None:
    """Warn of needed fields that no row has, of a source of which most grants are dangling, and of
    sign-ins in the future.

    A grant is dangling if its account or entitlement was not read. `sources` are those that this
    sync has read completely; `warn` is called with a source and the warning.
    """
    with duckdb.connect(str(candidate)) as connection:
        for source in sources:
            for resource in sorted({field.resource for field in list_needed_fields(source)}):
                fields = list_needed_fields(source, resource)
                table = f"raw_{source}.{resource}"
                rows, missing = find_missing_fields(connection, table, fields)
                for field in missing:
                    warn(source, f"{field.describe_absence(rows)}; {field.remedy}")
        for source, dangling, grants in connection.execute(
            DANGLING_SQL, [DANGLING_SHARE]
        ).fetchall():
            if source in sources:
                warn(
                    source,
                    f"{dangling} of {grants} grants name an account or entitlement that was not"
                    " read (table dangling_grants); the credential may not see everything",
                )
        for source, accounts, day in connection.execute(AHEAD_SQL).fetchall():
            if source in sources:
                warn(
                    source,
                    f"the last sign-in of {accounts} accounts lies in the future (up to {day}),"
                    " which shows no use: find out whose clock was wrong",
                )
