"""What a reviewer is shown of an item, in plain words, and the cells that tell it apart.

Everything comes from the frozen items. The last columns are what a decision is bound to: they go
out and come back as they are, and the seal shows whether they did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from pipelines import export, seal
from pipelines.records import fetched, quoted

YES = "case when {0} then 'yes' when not {0} then 'no' else 'unknown' end"
DAY = "strftime({0}, '%Y-%m-%d')"
LONGEST = 8_000  # characters of a text that is only shown: a cell ends at 32,767


@dataclass(frozen=True)
class Column:
    """One column of a reviewer's file: its header, the SQL of its text, its width in a workbook.
    It is empty where the frozen items lack a column that it `needs`, as those of before had it."""

    header: str
    sql: str
    width: int = 14
    needs: tuple[str, ...] = ()


SHOWN = (
    Column("Person", "coalesce(full_name, 'nobody that HR knows')", 24),
    Column("Job title", "job_title", 20),
    Column("Department", "department", 16),
    Column(
        "Employment",
        "case when person_id is null then 'unknown'"
        " when employment_status = 'leaver' then concat('LEFT', ' on ' || ended_on)"
        " when employment_status = 'future' then concat('starts', ' on ' || started_on)"
        " else coalesce(employment_status, 'unknown') end || coalesce(', ' || employment_type, '')",
        18,
    ),
    Column("Manager", "manager_name", 20),
    Column("System", "source_name", 11),
    Column(
        "Account",
        "concat_ws(' · ', account_name, nullif(username, account_name), account_type)",
        30,
    ),
    Column("Account status", "account_status", 11),
    Column("Last sign-in", f"coalesce({DAY.format('last_login_at')}, 'unknown')", 12),
    Column("Access", "entitlement_name", 30),
    Column("What it is", "concat_ws(': ', resource_type, entitlement_description)", 30),
    Column("Where", "concat_ws(' ', scope_type, coalesce(scope_name, scope_id))", 18),
    Column("Privileged", YES.format("is_privileged"), 10),
    Column(
        "Held",
        "case when is_direct and is_inherited then 'directly, and through others'"
        " when is_direct then 'directly' else 'through others' end",
        14,
    ),
    Column("How it came", "access_path", 30),
    Column("Every way", "access_paths", 30, ("access_paths",)),
    Column(
        "If this one went",
        "case when is_direct then coalesce('still there: ' || remains_without, 'the access ends')"
        " else 'it cannot go by itself' end",
        26,
        ("remains_without",),
    ),
    Column(
        "Since",
        f"coalesce({DAY.format('granted_at')}, 'seen since ' || {DAY.format('first_seen_at')})",
        13,
    ),
    Column("Granted by", "granted_by", 18, ("granted_by",)),
    Column(
        "Peers who have it",
        "concat(peers_with, ' of ', peers_total, ' in ' || peer_group)",
        22,
        ("peers_with", "peers_total", "peer_group"),
    ),
    Column(
        "New since last review",
        "case when is_new_since_last_review is null then 'never reviewed'"
        " when is_new_since_last_review then 'new' else 'no' end",
        14,
        ("is_new_since_last_review",),
    ),
    Column(
        "Last decision",
        f"concat_ws(', ', last_decision, 'by ' || last_decided_by, {DAY.format('last_decided_at')},"
        " last_campaign)",
        26,
        ("last_decision", "last_decided_by", "last_decided_at", "last_campaign"),
    ),
    Column("Findings", "findings", 36, ("findings",)),
    Column("Recommendation", "recommendation", 14, ("recommendation",)),
    Column("Because", "recommendation_because", 36, ("recommendation_because",)),
)
DECIDED = ("decision", "comment", "decided_by", "decided_at")
IDENTITY = ("account_id", "entitlement_id", "scope_id", "reviewer", "campaign")
BOUND = ("item_id", "account_id", "entitlement_id", "scope_id")
HEADERS = ("item_id", *(column.header for column in SHOWN), *DECIDED, *IDENTITY, "seal")
ORDER = "account_id, entitlement_id, scope_id nulls first, grant_id"

Row = tuple[str, ...]


def per_reviewer(
    connection: duckdb.DuckDBPyConnection, campaign: str, key: bytes
) -> Iterator[tuple[str, Iterator[tuple[Row, Row]]]]:
    """Every reviewer of the campaign with their own rows, in the order of HEADERS: as text, and
    with the text made inert that a spreadsheet would run, as a CSV needs it."""
    connection.execute("set TimeZone = 'UTC'")
    frozen = {name for name, *_ in connection.execute("describe review_items").fetchall()}
    texts = [
        ("item_id", "item_id"),
        *((column.header, shown(column) if frozen.issuperset(column.needs) else "''")
          for column in SHOWN),
        *((name, "''") for name in DECIDED),
        *((name, name) for name in IDENTITY),
    ]  # fmt: skip
    made = ", ".join(f"coalesce({sql}, '') as \"{name}\"" for name, sql in texts)
    cells = [f'"{name}"' for name, _ in texts]
    inert = ", ".join(export.cell(name, "VARCHAR").rpartition(" as ")[0] for name in cells)
    result = connection.execute(
        f"with made as (select {made}, row_number() over (order by reviewer, {ORDER}) as place"
        f" from review_items where campaign = {quoted(campaign)}),"
        f" both_ways as (select *, [{', '.join(cells)}] as texts, [{inert}] as inert from made)"
        f" select {', '.join(cells)}, if(inert = texts, null, inert) from both_ways order by place"
    )
    for mail, rows in groupby(fetched(result), key=itemgetter(HEADERS.index("reviewer"))):
        yield mail, (sealed(row, key) for row in rows)


def shown(column: Column) -> str:
    return (
        f"case when length({column.sql}) > {LONGEST}"
        f" then left({column.sql}, {LONGEST}) || ' …' else {column.sql} end"
    )


def sealed(row: tuple[Any, ...], key: bytes) -> tuple[Row, Row]:
    """The cells of a row and its seal, as text and inert. Behind the cells the row has those that
    are inert, where they differ."""
    *texts, inert = row
    bound = dict(zip(HEADERS, texts, strict=False))
    made = seal.of(key, bound["campaign"], *(bound[name] for name in BOUND), bound["reviewer"])
    return (*texts, made), (*(inert or texts), made)
