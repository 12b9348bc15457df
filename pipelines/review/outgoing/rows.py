"""What a reviewer is shown of an item, in plain words, and the cells that tell it apart.

Everything comes from the frozen items. The last columns are what a decision is bound to: they go
out and come back as they are, and the seal shows whether they did.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.export import folder
from pipelines.failures import Refused
from pipelines.files.text_stream import ROWS, ahead, together
from pipelines.files.xlsx_write import LONGEST, plain_in_sql, row_in_sql
from pipelines.review import seal
from pipelines.sql import quoted

YES = "case when {0} then 'yes' when not {0} then 'no' else 'unknown' end"
DAY = "strftime({0}, '%Y-%m-%d')"
MOST = 8_000  # characters of a text that is only shown: a cell ends at 32,767


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


@dataclass(frozen=True)
class Share:
    """One reviewer of a campaign: how many items of each system they decide on, and whether all
    their texts fit into cells of a workbook."""

    mail: str
    systems: Counter[str]
    fits: bool


# Pieces of text: lines of CSV, and the same rows of a sheet
Pieces = Iterator[tuple[memoryview, memoryview]]


def shares(connection: duckdb.DuckDBPyConnection, campaign: str) -> list[Share]:
    """Every reviewer of the campaign, in the order of their addresses."""
    systems: dict[str, Counter[str]] = defaultdict(Counter)
    longest: Counter[str] = Counter()
    for mail, system, items, length in connection.execute(
        "select reviewer, source_name, count(*),"
        f" max(greatest({', '.join(f'strlen({name})' for name in IDENTITY)}))"
        f" from review_items where campaign = {quoted(campaign)} group by all order by all"
    ).fetchall():
        systems[mail][system] = items
        longest[mail] = max(longest[mail], length)
    return [Share(mail, counts, longest[mail] <= LONGEST) for mail, counts in systems.items()]


def rows(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    styles: Sequence[int],
    some: Sequence[Share],
) -> Iterator[tuple[Share, Pieces]]:
    """The rows of some reviewers who follow each other; all pieces are to be taken before those of
    the next one. Text is inert in CSV; the cells of a sheet, which begin in its second row, have
    the style of their column."""
    connection.execute("set TimeZone = 'UTC'")
    result = connection.execute(
        _sql(connection, styles),
        seal.pads(key) | {"campaign": campaign, "first": some[0].mail, "last": some[-1].mail},
    )
    batches = ahead(result.to_arrow_reader(ROWS))
    rest: pa.RecordBatch | None = None

    def pieces(mail: str, count: int) -> Pieces:
        nonlocal rest
        done = 0
        while done < count:
            whole = rest if rest else next(batches)
            batch, rest = whole.slice(0, count - done), whole.slice(count - done)
            numbers = pa.array(range(done + 1, done + 1 + len(batch)), pa.int64())
            if batch["reviewer"].unique().to_pylist() != [mail] or batch["number"] != numbers:
                raise Refused(f"campaign {campaign}", "its rows came in another order than asked",
                              "report it; no file was written")  # fmt: skip
            done += len(batch)
            yield together(batch["line"]), together(batch["cells"])

    for share in some:
        yield share, pieces(share.mail, share.systems.total())


def _sql(connection: duckdb.DuckDBPyConnection, styles: Sequence[int]) -> str:
    """A row per item of these reviewers, those of one below each other."""
    frozen = {name for name, *_ in connection.execute("describe review_items").fetchall()}
    texts = [
        ("item_id", "item_id"),
        *((column.header, shown(column) if frozen.issuperset(column.needs) else "''")
          for column in SHOWN),
        *((name, "''") for name in DECIDED),
        *((name, name) for name in IDENTITY),
    ]  # fmt: skip
    made = ", ".join(f"coalesce({sql}, '') as \"{name}\"" for name, sql in texts)
    names = [f'"{name}"' for name in HEADERS]
    inert = ", ".join(folder.cell(name, "VARCHAR") for name in names)
    fields = ", ',', ".join(folder.field(name, "VARCHAR") for name in names)
    # every share begins at 1; what is sorted is as narrow as can be, and no text is made before
    return f"""
with items as (
    from review_items where campaign = $campaign and reviewer between $first and $last
),
shares as (
    select reviewer, sum(count(*)) over (order by reviewer) - count(*) as before
    from items group by reviewer
),
ordered as (
    select items.*, before from items join shares using (reviewer) order by reviewer, {ORDER}
),
texts as (select {made}, (row_number() over () - before)::bigint as number from ordered),
sealed as (select *, {seal.in_sql("campaign", *BOUND, "reviewer")} as seal from texts),
looked_at as (select *, {plain_in_sql(names)} as is_plain from sealed),
rows as (
    select *, {row_in_sql("number + 1", names, styles, "is_plain")} as cells from looked_at
),
inert as (select {inert}, reviewer as mail, number, cells from rows)
select mail as reviewer, number, concat({fields}, '\r\n') as line, cells from inert
"""


def shown(column: Column) -> str:
    return (
        f"case when strlen({column.sql}) > {MOST} and length({column.sql}) > {MOST}"
        f" then left({column.sql}, {MOST}) || ' …' else {column.sql} end"
    )
