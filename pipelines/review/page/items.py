"""Read the items of each reviewer as JSON for their page: the facts, and the row that comes back.

The end of the row that comes back is made here, with the seal and ready as CSV, so that a page
copies it and need not know how a cell is made safe for spreadsheets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import duckdb

from pipelines.failures import Refused
from pipelines.files import safe_csv
from pipelines.files.text_stream import ROWS_PER_BATCH, prefetch
from pipelines.review import seal
from pipelines.review.columns import (
    CONTROL,
    DAY_SQL,
    EMPLOYMENT_TYPE_SQL,
    IDENTITY_COLUMNS,
    SEALED_COLUMNS,
    SYSTEM_SQL,
    WHY,
    Column,
    replace_controls_sql,
)
from pipelines.review.outgoing.rows import Share, Sheet, shown_sql

PLAIN = (
    *("full_name", "job_title", "department", "employment_status"),
    *("started_on", "ended_on", "manager_name", "account_name", "username"),
    *("account_type", "account_status", "entitlement_name", "entitlement_description"),
    *("resource_type", "is_privileged", "is_direct", "is_inherited", "access_path"),
    *("access_paths", "remains_without", "granted_by", "peer_group", "peers_with", "peers_total"),
    *("is_new_since_last_review", "last_decision", "last_decided_by", "last_campaign"),
    *("findings", "recommendation", "is_leaver", "is_dormant"),
)
DAYS = ("last_login_at", "granted_at", "first_seen_at", "last_decided_at")
# Each fact of an item, as text. A fact is empty if it is unknown, or if an older version froze the
# items without its column.
FACTS = (
    Column("who", "coalesce(person_id, account_id)"),
    Column("scope_name", "coalesce(scope_name, scope_id)", needs=("scope_name",)),
    Column("scope_type", "replace(scope_type, '_', ' ')", needs=("scope_type",)),
    Column("source_name", SYSTEM_SQL),
    Column(
        "employment_type",
        f"case when employment_type is not null then {EMPLOYMENT_TYPE_SQL} end",
        needs=("employment_type",),
    ),
    *(Column(name, f"{name}::varchar", needs=(name,)) for name in PLAIN),
    *(Column(name, DAY_SQL.format(name), needs=(name,)) for name in DAYS),
    Column("recommendation_because", WHY.sql, needs=WHY.needs),
)
NAMES = ("item_id", "row_end", *(fact.header for fact in FACTS))


def read_items(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    shares: Sequence[Share],
    sheet: Sheet,
) -> Iterator[tuple[str, list[str]]]:
    """Yield each reviewer's mail address with their items, each a JSON array in the order of NAMES.

    `shares` are in the order of the addresses. Raises Refused if DuckDB returns other items.
    """
    connection.execute("set TimeZone = 'UTC'")
    result = connection.execute(
        _items_sql(connection, sheet),
        seal.hmac_pads(key) | {"campaign": campaign, "mails": [share.mail for share in shares]},
    )
    rows = (
        row
        for batch in prefetch(result.to_arrow_reader(ROWS_PER_BATCH))
        for row in zip(batch["mail"].to_pylist(), batch["item"].to_pylist(), strict=True)
    )
    grouped = groupby(rows, lambda row: row[0])
    for share in shares:
        mail, found = next(grouped, ("", []))
        items = [item for _, item in found]
        if (mail, len(items)) != (share.mail, share.systems.total()):
            raise Refused(
                f"campaign {campaign}",
                "DuckDB returned its rows in another order than requested",
                "report this bug; no file was written",
            )
        yield mail, items


def _items_sql(connection: duckdb.DuckDBPyConnection, sheet: Sheet) -> str:
    """Return SQL for the `mail` and `item` of each item of the reviewers in $mails."""
    frozen = {name for name, *_ in connection.execute("describe review_items").fetchall()}
    facts = ", ".join(
        f"coalesce({shown_sql(fact)}, '')" if frozen.issuperset(fact.needs) else "''"
        for fact in FACTS
    )
    identity = ", ".join(f"coalesce({name}, '') as {name}" for name in IDENTITY_COLUMNS)
    sealed = seal.seal_sql("campaign", *SEALED_COLUMNS, "reviewer")
    plain = ", ".join(f"{replace_controls_sql(name)} as {name}" for name in IDENTITY_COLUMNS)
    lines = safe_csv.lines_sql(
        [(name, "VARCHAR") for name in (*IDENTITY_COLUMNS, "seal")],
        "shown",
        others="mail, number, item_id, facts",
    )
    return f"""
with items as (
    from {sheet.items}
    where campaign = $campaign and reviewer in (select unnest($mails::varchar[]))
),
ordered as (
    select *, row_number() over (order by reviewer, {sheet.layout.order}) as number from items
),
texts as (
    select number, item_id, reviewer as mail, {identity}, [{facts}]::varchar[] as facts
    from ordered
),
sealed as (select *, {sealed} as seal from texts),
shown as (
    select * replace (
        {plain},
        case when regexp_matches(array_to_string(facts, ''), '{CONTROL}')
            then list_transform(facts, lambda fact: {replace_controls_sql("fact")})
            else facts end as facts
    )
    from sealed
)
select
    mail,
    -- A "<" in a name could end the script element; JSON reads the escape the same.
    replace(
        to_json(list_concat([item_id, rtrim(line, chr(13) || chr(10))], facts))::varchar,
        '<', '\\u003c'
    ) as item
from ({lines})
order by number
"""
