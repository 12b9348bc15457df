"""Find statuses that many rows change at once, such as leavers who become active again.

A source that hides a date or a flag would show such changes. A few of these changes are normal, and
so are those that Rollcall itself has made since.
"""

from __future__ import annotations

import duckdb

from pipelines.sync.shrink_limits import Shrinkage, ShrinkLimits

MIN_ALL_REVIVED = 3  # where there are fewer, all of them may change at once
# Table -> key, status, the status without access, and the status with access
STATUSES = {
    "people": ("person_id", "employment_status", "leaver", "active"),
    "accounts": ("account_id", "status", "disabled", "enabled"),
}
# The action of ours that changes a status of an account
OWN_ACTIONS = {"disabled": "enable_account", "enabled": "disable_account"}
# How many of the rows with a status are still there, keep the status, and have the opposite one
STATUSES_SQL = """
with states as (
    select
        source_name,
        {key},
        max_by({status}, valid_from) filter (valid_from < {this_run}) as before,
        max(valid_from) filter (valid_from < {this_run}) as seen_since,
        any_value({status}) filter (valid_to is null) as after
    from main.{table}_history
    where valid_to is null or valid_to = {this_run}
    group by all
)
select
    source_name,
    before,
    count(*) as rows_before,
    count(*) filter (after = before) as rows_kept,
    count(*) filter (after = '{opposite}') as rows_opposite
from states
where before = '{before}' and after is not null
and not exists (
    select 1 from main.applied_changes
    where applied_changes.account_id = states.{key}
    and applied_changes.action = '{own_action}'
    and applied_changes.outcome = 'done'
    and applied_changes.known_at >= states.seen_since
)
group by all order by all
"""


def find_changed_statuses(
    connection: duckdb.DuckDBPyConnection, table: str, this_run: str, limits: ShrinkLimits
) -> list[Shrinkage]:
    """Return the statuses that too many rows of a source have lost since the last state."""
    if table not in STATUSES:
        return []
    key, status, closed, is_open = STATUSES[table]
    changes = []
    for before, opposite in ((closed, is_open), (is_open, closed)):
        sql = STATUSES_SQL.format(
            key=key,
            status=status,
            table=table,
            this_run=this_run,
            before=before,
            opposite=opposite,
            own_action=OWN_ACTIONS.get(before, ""),
        )
        for source, _, rows, kept, opposites in connection.execute(sql).fetchall():
            if before == closed:
                lost, least = rows - kept, limits.revived_rows
                is_too_much = rows == lost >= MIN_ALL_REVIVED
            else:
                lost, least, is_too_much = opposites, limits.removed_rows, False
            if is_too_much or lost > max(least, limits.removed_share * rows):
                why = f"{lost} of {rows} that were {before} are not any more"
                changes.append(Shrinkage(f"{source}.{table}.{before}", rows, rows - lost, why))
    return changes
