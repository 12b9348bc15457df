"""How far a campaign is: who has decided on how much, and what comes next.

Only keep, revoke and modify settle an item. What a reviewer is unsure about, or says is not theirs,
has an answer and is not decided; and what has no answer is never an approval.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.review import campaign as campaigns
from pipelines.sql import fetch_dicts
from pipelines.warehouse.review_tables import SETTLED

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


def count_decisions(connection: duckdb.DuckDBPyConnection, campaign: str) -> list[dict[str, Any]]:
    """One document per reviewer of a campaign that was opened: of `items`, how many are `decided`,
    have an answer that settles nothing (`unsettled`), or none (`undecided`)."""
    return [*fetch_dicts(connection.execute(COUNTS, [campaign]))]


def read_totals(reviewers: list[dict[str, Any]]) -> dict[str, int]:
    """The same over all reviewers."""
    return {name: sum(one[name] for one in reviewers) for name in COUNTED}


def read_campaigns(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One document per campaign that was opened or has a file, in the order of their names."""
    known = _opened(connection)
    found = []
    for name in sorted({*known, *campaigns.campaign_names()}):
        try:
            found.append(_state(connection, known[name]) if name in known else _not_opened(name))
        except Misconfigured as error:  # one file that is wrong hides no other campaign
            found.append(_not_there(name, "unreadable", error.why, error.next))
    return found


def read_campaign(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """That of one campaign. Raises Misconfigured where there is none of this name, or it was not
    opened and its file is wrong."""
    known = _opened(connection)
    if name in known:
        return _state(connection, known[name])
    campaigns.must_be_a_name(name)
    if name not in campaigns.campaign_names():
        there = ", ".join(sorted({*known, *campaigns.campaign_names()})) or "none is there yet"
        raise Misconfigured(f"campaign {name}", "there is none of this name", f"use {there}")
    return _not_opened(name)


def _opened(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """What is published of each campaign that was opened, by its name."""
    if not connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'main'"
        " and table_name = 'review_campaigns'"
    ).fetchone():
        return {}
    found = connection.execute("select campaign, title, status, due_on from review_campaigns")
    return {one["campaign"]: one for one in fetch_dicts(found)}


def _state(connection: duckdb.DuckDBPyConnection, known: dict[str, Any]) -> dict[str, Any]:
    reviewers = count_decisions(connection, known["campaign"])
    made = known | {"days_left": _days(known["due_on"])} | read_totals(reviewers)
    made |= {"due_on": str(known["due_on"]), "reviewers": reviewers}
    return made | {"next": _next(made)}


def _not_opened(name: str) -> dict[str, Any]:
    definition = campaigns.read_campaign_file(name).definition
    made = _not_there(name, "not opened", definition.title, f"rollcall review open {name}")
    return made | {"due_on": str(definition.due), "days_left": _days(definition.due)}


def _not_there(name: str, status: str, title: str, after: str) -> dict[str, Any]:
    return {
        "campaign": name,
        "title": title,
        "status": status,
        "due_on": None,
        "days_left": None,
        **dict.fromkeys(COUNTED, 0),
        "reviewers": [],
        "next": after,
    }


def _days(due: date) -> int:
    return (due - datetime.now(UTC).date()).days


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
