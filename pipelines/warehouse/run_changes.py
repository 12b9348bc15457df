"""What the last published run has changed: grants by source, and findings by severity."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

SEVERITIES = ("critical", "high", "medium", "low")
EVENTS = ("granted", "removed", "changed")

# The sources that the last published run has read completely for the first time
FIRST_READ_SQL = """
select source_name, count(*)
from grants
where source_name in (
    select source_name from runs where status = 'complete'
    group by source_name
    having max(run_id) = min(run_id)
        and max(run_id) = (
            select max_by(run_id, (started_at, run_id)) from runs where status = 'complete'
        )
)
group by source_name
order by source_name
"""
GRANT_EVENTS_SQL = """
with moments as (
    select run_id, max(started_at) as moment, bool_or(status = 'complete') as is_published
    from runs group by run_id
),
published as (
    select moment, lag(moment) over (order by moment) as before
    from moments where is_published order by moment desc limit 1
)
select source_name, event, count(*)
from grants_between(
    (select coalesce(before, moment) from published), (select moment from published)
)
group by source_name, event
order by source_name, event
"""
FINDING_EVENTS_SQL = """
with run as (
    select max(moment) as moment from (
        select max(started_at) as moment from runs group by run_id
        having bool_or(status = 'complete')
    )
)
select severity, count(*)
from findings
where first_seen_at = (select moment from run) and not is_excepted
group by severity
union all
select 'resolved', count(distinct finding_id)
from findings_history
where valid_to = (select moment from run)
    and finding_id not in (select finding_id from findings)
"""


@dataclass
class RunChanges:
    """What the last published run has changed.

    A source that was read for the first time has all its grants in `first_grants`, and no events:
    they were given before, and nobody knows when.
    """

    first_grants: dict[str, int] = field(default_factory=dict)  # by source
    events: dict[str, dict[str, int]] = field(default_factory=dict)  # by source, then by EVENTS
    new_findings: dict[str, int] = field(default_factory=dict)  # by severity; no excepted ones
    resolved_findings: int = 0

    def count_events(self, event: str) -> int:
        return sum(counts.get(event, 0) for counts in self.events.values())


def read_run_changes(warehouse: duckdb.DuckDBPyConnection) -> RunChanges:
    """Return what the last published run has changed."""
    changes = read_grant_changes(warehouse)
    findings = dict(warehouse.execute(FINDING_EVENTS_SQL).fetchall())
    changes.resolved_findings = findings.pop("resolved")
    changes.new_findings = {name: findings[name] for name in SEVERITIES if name in findings}
    return changes


def read_grant_changes(warehouse: duckdb.DuckDBPyConnection) -> RunChanges:
    """Return the same without findings, which a warehouse of an older version may lack."""
    changes = RunChanges(dict(warehouse.execute(FIRST_READ_SQL).fetchall()))
    for source, event, count in warehouse.execute(GRANT_EVENTS_SQL).fetchall():
        if source not in changes.first_grants:
            changes.events.setdefault(source, {})[event] = count
    return changes
