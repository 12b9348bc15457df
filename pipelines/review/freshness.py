"""Checks that the published data is fresh enough to be reviewed.

A review of an old or half-read source would certify access that nobody holds any more. A source can
be accepted by name; who accepted it and why is then part of the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.review.campaign import Definition
from pipelines.warehouse.source_states import (
    explain_age,
    max_age_hours,
    read_source_states,
    time_text,
)

FULL_READS = """
select source_name, max(started_at)
from runs where status = 'complete' and mode = 'full' group by source_name
"""


@dataclass(frozen=True)
class Accepted:
    """The sources that the operator accepts although they are not fresh, and why."""

    stale: list[str]
    old_read: list[str]
    because: str

    @property
    def reason(self) -> str:
        return self.because.strip()


def check_sources(
    connection: duckdb.DuckDBPyConnection, limits: Definition, accepted: Accepted
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the state of each source, and the problems that were accepted.

    Raises Refused for a problem that was not accepted, and Misconfigured for an unknown source or
    an acceptance without a reason.
    """
    states = _read_states(connection)
    by_kind = {"stale": {*accepted.stale}, "old_read": {*accepted.old_read}}
    known = {state["source_name"] for state in states}
    unknown = sorted((by_kind["stale"] | by_kind["old_read"]) - known)
    if unknown:
        raise Misconfigured(
            f"unknown source {unknown[0]}",
            "nothing of it is published",
            f"accept one of {', '.join(sorted(known))}",
        )
    now = datetime.now(UTC)
    problems = [one for state in states for one in _find_problems(state, limits, now)]
    refused = [one for one in problems if one["source_name"] not in by_kind[one["kind"]]]
    if refused:
        flags = " ".join(
            dict.fromkeys(
                f"--accept-{one['kind'].replace('_', '-')} {one['source_name']}" for one in refused
            )
        )
        raise Refused(
            f"review: {', '.join(dict.fromkeys(one['source_name'] for one in refused))}",
            "; ".join(f"{one['source_name']}: {one['why']}" for one in refused),
            f"run `rollcall sync`, or accept the source by name: {flags} --because '…'",
        )
    if problems and not accepted.reason:
        raise Misconfigured(
            "--because",
            "accepting a source needs a reason that an auditor can read",
            "add --because '…'",
        )
    return states, problems


def _read_states(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    full = dict(connection.execute(FULL_READS).fetchall())
    return [
        state | {"full_read_at": time_text(full.get(state["source_name"]))}
        for state in read_source_states(connection)
    ]


def _find_problems(
    state: dict[str, Any], limits: Definition, now: datetime
) -> list[dict[str, Any]]:
    """Return the reasons why a source is not fresh, in words for the evidence."""
    max_full_read_age = timedelta(days=limits.max_full_read_age_days)
    as_of, full_read_at = state["as_of"], state["full_read_at"]
    why: list[tuple[str, str]] = []
    if state["is_stale"]:
        why.append(("stale", f"the last run ({state['last_run_id']}) was {state['last_status']}"))
    hours = limits.max_age_hours
    if old := explain_age(state, max_age_hours() if hours is None else hours):
        why.append(("stale", old))
    if as_of and full_read_at is None:
        why.append(("old_read", "no run has read the whole source"))
    elif full_read_at and now - _parse_time(full_read_at) > max_full_read_age:
        why.append(
            (
                "old_read",
                f"the last full read was on {full_read_at},"
                f" more than {limits.max_full_read_age_days} days ago",
            )
        )
    return [{"source_name": state["source_name"], "kind": kind, "why": text} for kind, text in why]


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
