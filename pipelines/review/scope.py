"""What a campaign leaves out, as SQL: each filter of its file with the reason it gives a grant.

A filter that cannot be answered for a grant leaves it in, since unknown counts as access. Only the
file's own condition (`where`) is taken as SQL takes it; what it cannot answer is left out by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text
from pipelines.review.campaign import Campaign
from pipelines.sql import quote

# Whoever writes a campaign may look at any table, and at nothing outside of the file
LOCKED_DOWN = {"enable_external_access": "false", "lock_configuration": "true"}


def exclusion_reasons(campaign: Campaign) -> list[str]:
    """One SQL text per filter and exception: why a grant is left out, or null."""
    left_out = [
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
        left_out.append(
            f"case when {column} glob {quote(pattern)}"
            f" then {quote(f'exception: {one.reason}{approved}')} end"
        )
    return left_out


def _filters(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """What must hold of a row of access_review, and the reason where it does not."""
    scope = campaign.definition.scope
    for column, chosen, words in (
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
            among = ", ".join(map(quote, chosen))
            yield f"{column} in ({among})", f"scope: its {words} is not {' or '.join(chosen)}"
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
    """Every grant with whether the file's own condition holds for it (null where it cannot be
    told), or None where the file has none. Raises Misconfigured for what is no single condition."""
    where = campaign.definition.scope.where
    if where is None:
        return None
    what = f"{campaign.path} scope.where"
    _must_be_one_expression(what, where)
    with duckdb.connect(str(copy), read_only=True, config=LOCKED_DOWN) as connection:
        asked = f"select grant_id, ({where}\n) as is_chosen from access_review"
        try:
            [_, (_, kind, *_)] = connection.execute(f"describe {asked}").fetchall()
            if kind != "BOOLEAN":
                raise Misconfigured(
                    what,
                    f"it is {kind.lower()}, not true or false",
                    "make it a condition over access_review",
                )
            return connection.execute(asked).to_arrow_table()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            # these speak of the text of the condition, other errors of people's data
            raise Misconfigured(what, redact_text(str(error).splitlines()[0]), "mend it") from None
        except duckdb.Error as error:
            kind = type(error).__name__
            raise Misconfigured(what, f"it cannot be answered ({kind})", "mend it") from None


def _must_be_one_expression(what: str, where: str) -> None:
    """It is one by itself and in brackets: so it holds neither another statement nor a clause."""
    with duckdb.connect() as parser:
        parsed = [
            json.loads(parser.execute("select json_serialize_sql(?)", [asked]).fetchone()[0])
            for asked in (f"select {where}\n", f"select ({where}\n)")
        ]
    for tree in parsed:
        if tree["error"]:
            raise Misconfigured(what, redact_text(tree["error_message"].splitlines()[0]), "mend it")
        if len(tree["statements"]) != 1 or len(tree["statements"][0]["node"]["select_list"]) != 1:
            raise Misconfigured(what, "it is more than one expression", "make it one condition")
