"""Whether what is published is fresh enough to be reviewed, and who accepted that it is not.

A review of an old or half-read source would certify what nobody holds any more. It can be accepted
by the source's name, and then it is part of the evidence, with who and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.review.campaign import Definition
from pipelines.warehouse.source_states import read_source_states, time_text

FULL_READS = """
select source_name, max(started_at)
from runs where status = 'complete' and mode = 'full' group by source_name
"""


def read_states(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Per source: its last run, its last complete one, and when everything was last read."""
    full = dict(connection.execute(FULL_READS).fetchall())
    return [
        state | {"full_read_at": time_text(full.get(state["source_name"]))}
        for state in read_source_states(connection)
    ]


def check_freshness(
    found: list[dict[str, Any]],
    limits: Definition,
    now: datetime,
    accept_stale: Iterable[str],
    accept_old_read: Iterable[str],
) -> list[dict[str, Any]]:
    """What is wrong with the sources and was accepted. Raises Refused for what was not, and
    Misconfigured where a name is accepted that no source has."""
    accepted = {"stale": {*accept_stale}, "old_read": {*accept_old_read}}
    known = {state["source_name"] for state in found}
    for name in sorted(accepted["stale"] | accepted["old_read"]):
        if name not in known:
            raise Misconfigured(
                f"source {name}",
                "nothing of this name is published",
                f"accept one of {', '.join(sorted(known))}",
            )
    wrong = [one for state in found for one in _wrong(state, limits, now)]
    refused = [one for one in wrong if one["source_name"] not in accepted[one["kind"]]]
    if refused:
        flags = " ".join(
            dict.fromkeys(
                f"--accept-{one['kind'].replace('_', '-')} {one['source_name']}" for one in refused
            )
        )
        raise Refused(
            f"review: {', '.join(dict.fromkeys(one['source_name'] for one in refused))}",
            "; ".join(f"{one['source_name']}: {one['why']}" for one in refused),
            f"run `rollcall sync`, or accept it by name: {flags} --because '…'",
        )
    return wrong


def _wrong(state: dict[str, Any], limits: Definition, now: datetime) -> list[dict[str, Any]]:
    """Everything that speaks against a source, in words for the evidence."""
    oldest = timedelta(hours=limits.max_age_hours)
    oldest_full = timedelta(days=limits.max_full_read_age_days)
    why: list[tuple[str, str]] = []
    if state["is_stale"]:
        why.append(("stale", f"its last run ({state['last_run_id']}) was {state['last_status']}"))
    if state["as_of"] is None:
        why.append(("stale", "it was never read completely"))
    elif now - _time(state["as_of"]) > oldest:
        why.append(
            (
                "stale",
                f"its data is of {state['as_of']}, more than {limits.max_age_hours} hours old",
            )
        )
    if state["as_of"] and state["full_read_at"] is None:
        why.append(("old_read", "everything of it was never read at once"))
    elif state["full_read_at"] and now - _time(state["full_read_at"]) > oldest_full:
        why.append(
            (
                "old_read",
                f"everything of it was last read on {state['full_read_at']}, more"
                f" than {limits.max_full_read_age_days} days ago",
            )
        )
    return [{"source_name": state["source_name"], "kind": kind, "why": text} for kind, text in why]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
