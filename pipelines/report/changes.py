"""What has changed since yesterday, since a week ago and since the last review.

A source that was first read after the beginning of a span has no changes in it: nobody knows when
its grants were given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from pipelines.report.wording import spell_length, spell_time
from pipelines.sql import fetch_dicts
from pipelines.warehouse.source_states import read_gone_systems

MAX_LISTED = 40  # of each kind and span, on the page

# A sync has one moment in all histories: the start of its last source
MOMENTS_SQL = """
with
syncs as (
    select min(started_at) as began_at, max(started_at) as moment
    from runs group by run_id having bool_or(status = 'complete')
),
review as (select max(data_as_of) as data_as_of from review_campaigns)
select
    min(moment) as first, max(moment) as last,
    -- The histories have the moment of the sync that the review shows
    (select max(moment) from syncs, review where began_at <= data_as_of) as review
from syncs
"""
# The sources that were known at the beginning of a span, and those read for the first time in it
SOURCES_SQL = """
with syncs as (select run_id, max(started_at) as moment from runs group by run_id)
select source_name, min(moment) > ?::timestamptz as is_new
from runs join syncs using (run_id)
where status = 'complete' group by source_name order by all
"""
GRANTS_SQL = """
with
names as (
    select account_id, max_by(coalesce(display_name, username), valid_from) as account,
        max_by(person_id, valid_from) as person_id
    from accounts_history group by account_id
),
entitlement_names as (
    select entitlement_id, max_by(display_name, valid_from) as access,
        max_by(is_privileged, valid_from) as is_privileged
    from entitlements_history group by entitlement_id
),
events as (
    select * from grants_between(?::timestamptz, ?::timestamptz)
    where list_contains(?::varchar[], source_name)
)
select
    event, coalesce(is_privileged, false) as is_privileged, names.person_id,
    coalesce(full_name, account, events.account_id) as who,
    coalesce(access, events.entitlement_id) as what, coalesce(scope_name, scope_id) as scope,
    events.source_name, happened_at as moment,
    count(*) over (partition by event) as total,
    count(*) filter (is_privileged) over (partition by event) as privileged
from events
left join names on names.account_id = events.account_id
left join people on people.person_id = names.person_id
left join entitlement_names on entitlement_names.entitlement_id = events.entitlement_id
qualify row_number() over (
    partition by event order by is_privileged desc nulls last, happened_at desc, grant_id
) <= ?
order by event, is_privileged desc, moment desc, who, what
"""
FINDINGS_SQL = """
with
begun as (
    select finding_id, min(valid_from) as begun_at, max(coalesce(valid_to, 'infinity')) as ended_at,
        max_by(title, valid_from) as title, max_by(severity, valid_from) as severity,
        max_by(person_id, valid_from) as person_id, max_by(account_id, valid_from) as account_id,
        max_by(source_name, valid_from) as source_name
    from findings_history group by finding_id
),
events as (
    select *, 'found' as event, begun_at as moment from begun where begun_at > ?::timestamptz
    union all
    select *, 'resolved', ended_at from begun
    where isfinite(ended_at) and ended_at > ?::timestamptz
)
select
    event, severity, events.person_id,
    coalesce(full_name, display_name, username, events.account_id) as who,
    events.title as what, events.source_name, moment,
    count(*) over (partition by event) as total,
    count(*) filter (severity in ('critical', 'high')) over (partition by event) as urgent
from events
left join people on people.person_id = events.person_id
left join accounts on accounts.account_id = events.account_id
where events.source_name is null or list_contains(?::varchar[], events.source_name)
qualify row_number() over (
    partition by event
    order by list_position(['critical', 'high', 'medium', 'low'], severity), moment desc, finding_id
) <= ?
order by event, list_position(['critical', 'high', 'medium', 'low'], severity), moment desc, who
"""
PEOPLE_SQL = """
select
    count(*) filter (started_on > ?::date and started_on <= ?::date) as started,
    count(*) filter (ended_on >= ?::date and ended_on < ?::date) as ended
from people
"""


@dataclass
class Span:
    """What changed from a moment on, or why nothing can be said about it."""

    title: str
    since: str = ""
    nothing_known: str = ""
    shortened: str = ""  # why the span begins later than its title says
    new_sources: list[str] = field(default_factory=list)
    gone_systems: list[str] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: int = 0
    ended: int = 0


def read_spans(warehouse: duckdb.DuckDBPyConnection) -> list[Span]:
    """Return the changes since yesterday, since a week ago and since the last review."""
    [moments] = fetch_dicts(warehouse.execute(MOMENTS_SQL))
    first, last, review = moments["first"], moments["last"], moments["review"]
    if first is None:
        return []
    wanted = (
        ("Since yesterday", last - timedelta(days=1)),
        ("Since last week", last - timedelta(days=7)),
        ("Since the last review", review),
    )
    return [_read_span(warehouse, title, since, first, last) for title, since in wanted]


def _read_span(
    warehouse: duckdb.DuckDBPyConnection,
    title: str,
    since: datetime | None,
    first: datetime,
    last: datetime,
) -> Span:
    if since is None:
        return Span(title, nothing_known="No review has been opened yet.")
    if last <= max(since, first):
        moment = spell_time(max(since, first))
        return Span(title, nothing_known=f"Too early: no sync was published after {moment} UTC.")
    begin = max(since, first)
    span = Span(title, since=spell_time(begin))
    if since < first:
        span.shortened = (
            f"only {spell_length(last - first)}: nobody has looked before the first read"
        )
    sources = warehouse.execute(SOURCES_SQL, [begin]).fetchall()
    gone = read_gone_systems(warehouse)
    span.gone_systems = [name for name, gone_at in gone.items() if gone_at > begin]
    sources = [(name, is_new) for name, is_new in sources if name not in gone]
    span.new_sources = [name for name, is_new in sources if is_new]
    known = [name for name, is_new in sources if not is_new]
    rows = [
        *fetch_dicts(warehouse.execute(GRANTS_SQL, [begin, last, known, MAX_LISTED])),
        *fetch_dicts(warehouse.execute(FINDINGS_SQL, [begin, begin, known, MAX_LISTED])),
    ]
    for row in rows:
        event = span.events.setdefault(row["event"], {"total": row["total"], "rows": []})
        event["urgent"] = row.get("urgent", row.get("privileged", 0))
        event["rows"].append(row | {"moment": spell_time(row["moment"])})
    [(span.started, span.ended)] = warehouse.execute(
        PEOPLE_SQL, [begin, last, begin, last]
    ).fetchall()
    return span
