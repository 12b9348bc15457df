"""The scope of a campaign as SQL: each filter of its file, with the reason for leaving a grant out.

A grant stays in the campaign if a filter's answer is unknown, because unknown counts as access.
Only the file's own condition (`where`) follows SQL: a null leaves the grant out, and is the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.review.campaign import Campaign
from pipelines.sql import has_table, matches_sql, quote
from pipelines.sql_text import LOCK_DOWN, check_answer, check_expression, name_mistakes

FIXED_DAY = "write a fixed date, so that the condition can be checked again later"


def exclusion_reasons(campaign: Campaign) -> list[str]:
    """Return one expression per filter and exception: the reason to exclude a grant, or null."""
    reasons = [
        f"case when not coalesce({condition}, false) then {quote(words)} end"
        for condition, words in _filters(campaign)
    ]
    for one in campaign.definition.exceptions:
        [(column, pattern)] = [
            (f"{kind}_id", text)
            for kind in ("grant", "account", "entitlement")
            if (text := getattr(one, kind))
        ]
        approved = f" (approved by {one.approved_by})" if one.approved_by else ""
        reasons.append(
            f"case when {matches_sql(column, quote(pattern))}"
            f" then {quote(f'exception: {one.reason}{approved}')} end"
        )
    return reasons


def find_unmatched(connection: duckdb.DuckDBPyConnection, campaign: Campaign) -> list[str]:
    """Return each name and pattern of the campaign's file that matches nothing that is published.

    A misspelt exception leaves nothing out, and a misspelt filter leaves everything out.
    """
    if not has_table(connection, "access_review"):
        return []  # an earlier version published this warehouse
    definition, asked = campaign.definition, {}
    for column, chosen in (
        ("source_name", definition.scope.source),
        ("resource_type", definition.scope.resource_type),
    ):
        for one in chosen:
            asked[f"scope.{column.removesuffix('_name')} {one}"] = f"{column} = ?", one
    for one in definition.exceptions:
        for kind in ("grant", "account", "entitlement"):
            if pattern := getattr(one, kind):
                asked[f"exception for {kind} {pattern}"] = matches_sql(f"{kind}_id", "?"), pattern
    return [
        f"{campaign.path.name}: {place}"
        for place, (condition, value) in asked.items()
        if not connection.execute(
            f"select 1 from access_review where {condition} limit 1", [value]
        ).fetchone()
    ]


def _filters(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Yield a condition per filter, and the reason to exclude a grant that does not meet it."""
    scope = campaign.definition.scope
    for value, chosen, words in (
        ("source_name", scope.source, "source"),
        ("resource_type", scope.resource_type, "resource type"),
        (
            "case when person_id is null then 'nobody'"
            " else coalesce(employment_status, 'unknown') end",
            scope.employment,
            "employment",
        ),
    ):
        if chosen:
            allowed = ", ".join(map(quote, chosen))
            yield f"{value} in ({allowed})", f"scope: its {words} is not {' or '.join(chosen)}"
    for column, wanted, words in (
        ("is_privileged", scope.privileged, "privileged"),
        ("is_new_since_last_review", scope.new_since_last_review, "new since the last review"),
    ):
        if wanted is not None:
            yield (
                f"{column} is not {str(not wanted).lower()}",
                f"scope: it is {'not ' if wanted else ''}{words}",
            )
    if scope.held:
        yield f"is_{scope.held}", f"scope: it is not held {scope.held}"
    if scope.not_signed_in_since:
        day = scope.not_signed_in_since
        yield (
            f"(last_login_at is null or last_login_at < '{day}'::timestamptz)",
            f"scope: its account signed in since {day}",
        )


def select_by_condition(campaign: Campaign, copy: Path) -> pa.Table | None:
    """Return for every grant whether the file's own condition holds (`is_chosen`, perhaps null).

    Return None for a file without a condition. Raises Misconfigured for a bad condition.
    """
    where = campaign.definition.scope.where
    if where is None:
        return None
    what = f"{campaign.path} scope.where"
    check_expression(what, where, FIXED_DAY)
    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute(LOCK_DOWN)
        query = f"select grant_id, ({where}\n) as is_chosen from access_review"
        with name_mistakes(what):
            check_answer(connection, what, query, is_condition=True)
            return connection.execute(query).to_arrow_table()
