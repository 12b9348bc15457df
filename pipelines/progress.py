"""How far a campaign is: who has decided on how much, and what comes next.

Only keep, revoke and modify settle an item. What a reviewer is unsure about, or says is not theirs,
has an answer and is not decided; and what has no answer is never an approval.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb

from pipelines import campaign as campaigns
from pipelines.failures import Misconfigured
from pipelines.records import named
from pipelines.reviews import SETTLED

COUNTS = f"""
select
    reviewer,
    count(*) as items,
    count(*) filter (decision in {SETTLED}) as decided,
    count(*) filter (decision not in {SETTLED}) as unsettled,
    count(*) filter (decision is null) as undecided
from review_items
left join (from review_decisions where is_current) as current_decisions
    using (campaign, item_id)
where review_items.campaign = ?
group by all
order by reviewer
"""
COUNTED = ("items", "decided", "unsettled", "undecided")


def counted(connection: duckdb.DuckDBPyConnection, campaign: str) -> list[dict[str, Any]]:
    """One document per reviewer of a campaign that was opened: of `items`, how many are `decided`,
    have an answer that settles nothing (`unsettled`), or none (`undecided`)."""
    return [*named(connection.execute(COUNTS, [campaign]))]


def totals(reviewers: list[dict[str, Any]]) -> dict[str, int]:
    """The same over all reviewers."""
    return {name: sum(one[name] for one in reviewers) for name in COUNTED}


def states(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One document per campaign that was opened or has a file, in the order of their names."""
    opened: dict[str, dict[str, Any]] = {}
    if connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'main'"
        " and table_name = 'review_campaigns'"
    ).fetchone():
        opened = {one["campaign"]: one for one in named(connection.execute(
            "select campaign, title, status, due_on from review_campaigns"
        ))}  # fmt: skip
    today = datetime.now(UTC).date()
    return [
        _state(connection, opened[name], today) if name in opened else _not_opened(name, today)
        for name in sorted({*opened, *campaigns.names()})
    ]


def state(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """That of one campaign. Raises Misconfigured where there is none of this name."""
    found = {one["campaign"]: one for one in states(connection)}
    if name not in found:
        raise Misconfigured(f"campaign {name[:80]!r}", "there is none of this name",
                            f"use one of: {', '.join(found) or 'none is there yet'}")  # fmt: skip
    return found[name]


def _state(
    connection: duckdb.DuckDBPyConnection, known: dict[str, Any], today: date
) -> dict[str, Any]:
    reviewers = counted(connection, known["campaign"])
    made = known | {"days_left": _days(known["due_on"], today)} | totals(reviewers)
    made |= {"due_on": str(known["due_on"]), "reviewers": reviewers}
    return made | {"next": _next(made)}


def _not_opened(name: str, today: date) -> dict[str, Any]:
    definition = campaigns.read(name).definition
    return {
        "campaign": name,
        "title": definition.title,
        "status": "not opened",
        "due_on": str(definition.due),
        "days_left": _days(definition.due, today),
        **dict.fromkeys(COUNTED, 0),
        "reviewers": [],
        "next": f"rollcall review open {name}",
    }


def _days(due: date, today: date) -> int:
    return (due - today).days


def _next(made: dict[str, Any]) -> str:
    """One command; with what has to happen before it."""
    name = made["campaign"]
    if made["status"] == "closed":
        return "rollcall plan"
    if made["decided"] == made["items"]:
        return f"rollcall review close {name}"
    if made["days_left"] < 0:
        waiting = sum(one["decided"] < one["items"] for one in made["reviewers"])
        return (
            f"remind {waiting} reviewers, or leave the rest undecided:"
            f" rollcall review close {name} --undecided"
        )
    return f"rollcall review import {name} FILE…"
