"""The progress of a campaign: who has decided how many items, and what to do next.

Only keep, revoke and modify settle an item. An item answered `unsure` or `not_mine` is not decided,
and an item without an answer is never an approval.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.review import campaign as campaigns
from pipelines.sql import fetch_dicts, has_table
from pipelines.warehouse.current_items import items_sql
from pipelines.warehouse.review_tables import SETTLED
from pipelines.words import count_noun

COUNTS_SQL = """
select
    reviewer,
    count(*) as items,
    count(*) filter (decision in {settled}) as decided,
    count(*) filter (decision not in {settled}) as unsettled,
    count(*) filter (decision is null) as undecided
from {items} as items
left join (from review_decisions where is_current) as current_decisions
    using (campaign, item_id)
where items.campaign = ?
group by all
order by reviewer
"""
NOT_MINE_SQL = """
select items.item_id, items.reviewer, comment
from {items} as items
join review_decisions using (campaign, item_id)
where items.campaign = ? and is_current and decision = 'not_mine' and decided_by = items.reviewer
order by items.reviewer, items.item_id
"""
COUNT_NAMES = ("items", "decided", "unsettled", "undecided")


def count_decisions(connection: duckdb.DuckDBPyConnection, campaign: str) -> list[dict[str, Any]]:
    """Return, for each reviewer, how many `items` there are and how many have which answer.

    `decided` counts keep, revoke and modify; `unsettled` counts unsure and not_mine; `undecided`
    counts items without an answer.
    """
    counts = COUNTS_SQL.format(settled=SETTLED, items=items_sql(connection))
    return [*fetch_dicts(connection.execute(counts, [campaign]))]


def sum_counts(reviewers: list[dict[str, Any]]) -> dict[str, int]:
    """Return the sums of the reviewers' counts."""
    return {name: sum(one[name] for one in reviewers) for name in COUNT_NAMES}


def read_campaigns(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return one document per campaign that was opened or has a file, sorted by name."""
    opened = _read_opened(connection)
    documents = []
    for name in sorted({*opened, *campaigns.campaign_names()}):
        try:
            documents.append(
                _describe_opened(connection, opened[name])
                if name in opened
                else _describe_file(name)
            )
        except Misconfigured as error:  # one wrong file must not hide the other campaigns
            documents.append(_empty_document(name, "unreadable", error.why, error.next))
    return documents


def read_campaign(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Return the document of one campaign. Raises Misconfigured for an unknown campaign, or for one
    that was not opened and has a wrong file."""
    opened = _read_opened(connection)
    if name in opened:
        return _describe_opened(connection, opened[name])
    campaigns.must_be_a_name(name)
    names = campaigns.campaign_names()
    if name not in names:
        known = ", ".join(sorted({*opened, *names})) or "none"
        raise Misconfigured(
            f"unknown campaign {name}", f"known: {known}", f"write {name}.toml, or use a known name"
        )
    return _describe_file(name)


def _read_opened(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    if not has_table(connection, "review_campaigns"):
        return {}
    found = connection.execute("select campaign, title, status, due_on from review_campaigns")
    return {one["campaign"]: one for one in fetch_dicts(found)}


def _describe_opened(
    connection: duckdb.DuckDBPyConnection, campaign: dict[str, Any]
) -> dict[str, Any]:
    reviewers = count_decisions(connection, campaign["campaign"])
    document = campaign | {"days_left": _days_until(campaign["due_on"])} | sum_counts(reviewers)
    document |= {"due_on": str(campaign["due_on"]), "reviewers": reviewers}
    not_mine = NOT_MINE_SQL.format(items=items_sql(connection))
    found = connection.execute(not_mine, [campaign["campaign"]])
    document["not_mine"] = [*fetch_dicts(found)]  # each waits for another reviewer
    return document | {"next": _next_step(document)}


def _describe_file(name: str) -> dict[str, Any]:
    definition = campaigns.read_campaign_file(name).definition
    document = _empty_document(name, "not opened", definition.title, f"rollcall review open {name}")
    return document | {"due_on": str(definition.due), "days_left": _days_until(definition.due)}


def _empty_document(name: str, status: str, title: str, next_step: str) -> dict[str, Any]:
    return {
        "campaign": name,
        "title": title,
        "status": status,
        "due_on": None,
        "days_left": None,
        **dict.fromkeys(COUNT_NAMES, 0),
        "reviewers": [],
        "not_mine": [],
        "next": next_step,
    }


def _days_until(due: date) -> int:
    return (due - datetime.now(UTC).date()).days


def _next_step(document: dict[str, Any]) -> str:
    """Return the next command, with what a person has to do before it."""
    name = document["campaign"]
    if document["status"] == "closed":
        return "rollcall plan"
    if document["decided"] == document["items"]:
        return f"rollcall review close {name}"
    if document["days_left"] < 0:
        waiting = sum(one["decided"] < one["items"] for one in document["reviewers"])
        return (
            f"rollcall review remind {name} ({count_noun(waiting, 'reviewer')}), or leave the rest"
            f" undecided: rollcall review close {name} --undecided"
        )
    if document["not_mine"]:
        return "rollcall review reassign ITEM… --to MAIL --because TEXT"
    return f"rollcall review import {name} FILE…"
