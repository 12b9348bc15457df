"""The scope of a campaign as SQL: each filter of its file, with the reason for leaving a grant out.

A grant stays in the campaign if a filter's answer is unknown, because unknown counts as access.
Only the file's own condition (`where`) follows SQL: a null leaves the grant out, and is the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text
from pipelines.review.campaign import Campaign
from pipelines.sql import has_table, matches_sql, quote

# The condition of a campaign may read every table, and nothing outside the database file.
# In UTC, because days would otherwise depend on the time zone of the machine.
LOCK_DOWN = """
set TimeZone = 'UTC';
set enable_external_access = false;
set lock_configuration = true
"""
# What DuckDB does not mark as volatile: keywords that it parses as columns, and other names
CLOCK_WORDS = {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
    *("current_localtime", "current_localtimestamp"),
}
CHANCE_WORDS = {"reservoir_quantile", "tablesample"}
VOLATILE_SQL = """
select distinct function_name from duckdb_functions()
where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')
or regexp_matches(macro_definition, '\\b(now|today|random|uuid|current_(date|time|timestamp))\\b')
"""


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
    _must_be_one_expression(what, where)
    with duckdb.connect(str(copy), read_only=True) as connection:
        connection.execute(LOCK_DOWN)
        query = f"select grant_id, ({where}\n) as is_chosen from access_review"
        try:
            [_, (_, kind, *_)] = connection.execute(f"describe {query}").fetchall()
            if kind != "BOOLEAN":
                raise Misconfigured(
                    what,
                    f"this is {kind.lower()}, not true or false",
                    "write a condition over access_review",
                )
            return connection.execute(query).to_arrow_table()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            # These errors quote the condition; all others may quote people's data.
            why = redact_text(str(error).splitlines()[0])
            raise Misconfigured(what, why, "correct the condition") from None
        except duckdb.Error as error:
            why = f"the condition cannot be answered ({type(error).__name__})"
            raise Misconfigured(what, why, "correct the condition") from None


def _must_be_one_expression(what: str, where: str) -> None:
    """Raise Misconfigured unless the text is one expression, both alone and in brackets: such a
    text holds neither another statement nor a clause. Raise too where its answer is not fixed."""
    with duckdb.connect() as parser:
        parsed = [
            json.loads(parser.execute("select json_serialize_sql(?)", [query]).fetchone()[0])
            for query in (f"select {where}\n", f"select ({where}\n)")
        ]
        functions = {name for (name,) in parser.execute(VOLATILE_SQL).fetchall()}
    volatile = {*functions, *CLOCK_WORDS, *CHANCE_WORDS, "age"}
    for tree in parsed:
        if tree["error"]:
            why = redact_text(tree["error_message"].splitlines()[0])
            raise Misconfigured(what, why, "correct the condition")
        if len(tree["statements"]) != 1 or len(tree["statements"][0]["node"]["select_list"]) != 1:
            raise Misconfigured(what, "this is more than one expression", "write one condition")
    for name in _find_names(parsed[0]):
        if name in volatile:
            raise Misconfigured(
                what,
                f"it asks for `{name}`, whose answer changes with time or chance",
                "write a fixed date, so that the condition can be checked again later",
            )


def _find_names(tree: Any) -> Iterator[str]:
    """Yield the functions and the unqualified columns of a parsed query, and `tablesample`.
    Leave out `age` with two arguments: with one, it counts from today."""
    if isinstance(tree, list):
        for part in tree:
            yield from _find_names(part)
    if not isinstance(tree, dict):
        return
    name = str(tree.get("function_name") or "").casefold()
    if name != "age" or len(tree["children"]) == 1:
        yield name
    if len(tree.get("column_names") or ()) == 1:
        yield tree["column_names"][0].casefold()
    if tree.get("sample"):
        yield "tablesample"
    for part in tree.values():
        yield from _find_names(part)
