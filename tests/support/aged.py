"""Make a published warehouse look as if syncs had run on every day of two months.

The findings and grants of the warehouse began on different days, others have ended since, and half
of a campaign is decided, if there is one.
"""

from __future__ import annotations

import duckdb

DAYS = 60
HISTORIES = ("people", "accounts", "entitlements", "grants", "findings")

# A number below `most` that is always the same for an id
SPREAD = "(('0x' || md5({id})[1:7])::bigint % {most})"


def open_campaign(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Add the rows of a campaign over all grants, as far as the report reads them."""
    warehouse.execute(
        "insert into review_campaigns by name select 'q4' as campaign,"
        " 'Access review, fourth quarter' as title, date '2099-12-15' as due_on,"
        " 'open' as status, max(started_at) as opened_at, max(started_at) as data_as_of,"
        " 'ada' as opened_by, '{}' as definition, '' as definition_sha256, '{}' as sources,"
        " '{}' as accepted, '' as rollcall, '' as opening from runs"
    )
    warehouse.execute(
        "insert into review_items by name select 'q4' as campaign, grant_id as item_id, grant_id,"
        " account_id, entitlement_id, scope_id, person_id, source_name,"
        " coalesce(reviewer, 'security@lanternfish.example') as reviewer,"
        " coalesce(reviewer_rule, 'fallback') as reviewer_rule"
        " from access_review"
    )


def age(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Give the warehouse a past, in place."""
    warehouse.execute("set TimeZone = 'UTC'")
    warehouse.execute(
        "insert into runs by name select * exclude (day) replace ("
        " run_id || '-' || day as run_id, started_at - to_days(day::int) as started_at,"
        " ended_at - to_days(day::int) as ended_at, data_as_of - to_days(day::int) as data_as_of)"
        f" from runs, range(1, {DAYS}) as days(day)"
        " where status = 'complete' and run_id = (select max(run_id) from runs)"
    )
    for name in HISTORIES:
        warehouse.execute(
            f"update {name}_history set valid_from = valid_from - to_days({DAYS - 1}),"
            f" first_seen_at = first_seen_at - to_days({DAYS - 1})"
        )
    _begin_later(warehouse, "findings", "finding_id", DAYS)
    _begin_later(warehouse, "grants", "grant_id", 5 * DAYS)
    for name, key, days in (("findings", "finding_id", 18), ("grants", "grant_id", 6)):
        _add_ended(warehouse, name, key, days)
    for name, key in (("findings", "finding_id"), ("grants", "grant_id")):
        warehouse.execute(
            f"update {name} set first_seen_at = history.first_seen_at"
            f" from {name}_history as history"
            f" where {name}.{key} = history.{key} and history.valid_to is null"
        )
    warehouse.execute(
        "update review_campaigns set data_as_of = data_as_of - to_days(21),"
        " opened_at = opened_at - to_days(21)"
    )
    warehouse.execute(
        "insert into review_decisions by name"
        " select campaign, item_id, 'import' as import_id, grant_id,"
        f" case when {SPREAD.format(id='item_id', most=9)} = 0 then 'revoke' else 'keep' end"
        " as decision, 'looked at it' as comment, reviewer as decided_by,"
        " (select max(started_at) from runs) as decided_at, 1 as row_number, true as is_current,"
        " false as is_late"
        f" from review_items where {SPREAD.format(id='reviewer', most=5)}"
        f" > {SPREAD.format(id='item_id', most=4)}"
    )


def _begin_later(warehouse: duckdb.DuckDBPyConnection, name: str, key: str, most: int) -> None:
    """Let rows begin on later days than the first one, as far as there are so many days."""
    later = f"to_days(least({SPREAD.format(id=key, most=most)}, {DAYS - 1})::int)"
    enough = f"{SPREAD.format(id=key, most=most)} < {DAYS}"
    warehouse.execute(
        f"update {name}_history set valid_from = valid_from + {later},"
        f" first_seen_at = first_seen_at + {later} where {enough}"
    )


def _add_ended(warehouse: duckdb.DuckDBPyConnection, name: str, key: str, days: int) -> None:
    """Add rows that began on the first day and ended within the last days."""
    spread = SPREAD.format(id=key, most=days)
    warehouse.execute(
        f"insert into {name}_history by name select * replace ("
        f" history_id || '-ended' as history_id, {key} || '-ended' as {key},"
        f" (select min(started_at) from runs) as valid_from,"
        f" (select min(started_at) from runs) as first_seen_at,"
        f" (select max(started_at) from runs) - to_days({spread}::int) as valid_to)"
        f" from {name}_history where valid_to is null and {SPREAD.format(id=key, most=4)} = 0"
    )
