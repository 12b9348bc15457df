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

from pipelines.failures import Refused
from pipelines.files import safe_csv
from pipelines.files.text_stream import ROWS_PER_BATCH, prefetch, run_together
from pipelines.files.xlsx_write import LONGEST, is_plain_sql, row_sql
from pipelines.review import seal
from pipelines.review.columns import (
    DECISION_COLUMNS,
    HEADERS,
    IDENTITY_COLUMNS,
    MAX_SHOWN_CHARACTERS,
    ROW_ORDER,
    SEALED_COLUMNS,
    SHOWN_COLUMNS,
    Column,
)
from pipelines.sql import quote


@dataclass(frozen=True)
class Share:
    """One reviewer of a campaign: how many items of each system they decide on, and whether all
    their texts fit into cells of a workbook."""

    mail: str
    systems: Counter[str]
    fits: bool


# Pieces of text: lines of CSV, and the same rows of a sheet
Pieces = Iterator[tuple[memoryview, memoryview]]


def read_shares(connection: duckdb.DuckDBPyConnection, campaign: str) -> list[Share]:
    """Every reviewer of the campaign, in the order of their addresses."""
    systems: dict[str, Counter[str]] = defaultdict(Counter)
    longest: Counter[str] = Counter()
    for mail, system, items, length in connection.execute(
        "select reviewer, source_name, count(*),"
        f" max(greatest({', '.join(f'strlen({name})' for name in IDENTITY_COLUMNS)}))"
        f" from review_items where campaign = {quote(campaign)} group by all order by all"
    ).fetchall():
        systems[mail][system] = items
        longest[mail] = max(longest[mail], length)
    return [Share(mail, counts, longest[mail] <= LONGEST) for mail, counts in systems.items()]


def read_rows(
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
        seal.hmac_pads(key) | {"campaign": campaign, "first": some[0].mail, "last": some[-1].mail},
    )
    batches = prefetch(result.to_arrow_reader(ROWS_PER_BATCH))
    rest: pa.RecordBatch | None = None

    def pieces(mail: str, count: int) -> Pieces:
        nonlocal rest
        done = 0
        while done < count:
            whole = rest if rest else next(batches)
            batch, rest = whole.slice(0, count - done), whole.slice(count - done)
            numbers = pa.array(range(done + 1, done + 1 + len(batch)), pa.int64())
            if batch["reviewer"].unique().to_pylist() != [mail] or batch["number"] != numbers:
                raise Refused(
                    f"campaign {campaign}",
                    "its rows came in another order than asked",
                    "report it; no file was written",
                )
            done += len(batch)
            yield run_together(batch["line"]), run_together(batch["cells"])

    for share in some:
        yield share, pieces(share.mail, share.systems.total())


def _sql(connection: duckdb.DuckDBPyConnection, styles: Sequence[int]) -> str:
    """A row per item of these reviewers, those of one below each other."""
    frozen = {name for name, *_ in connection.execute("describe review_items").fetchall()}
    texts = [
        ("item_id", "item_id"),
        *(
            (column.header, shown_sql(column) if frozen.issuperset(column.needs) else "''")
            for column in SHOWN_COLUMNS
        ),
        *((name, "''") for name in DECISION_COLUMNS),
        *((name, name) for name in IDENTITY_COLUMNS),
    ]
    made = ", ".join(f"coalesce({sql}, '') as \"{name}\"" for name, sql in texts)
    names = [f'"{name}"' for name in HEADERS]
    inert = ", ".join(safe_csv.cell_sql(name, "VARCHAR") for name in names)
    fields = ", ',', ".join(safe_csv.field_sql(name, "VARCHAR") for name in names)
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
    select items.*, before from items join shares using (reviewer) order by reviewer, {ROW_ORDER}
),
texts as (select {made}, (row_number() over () - before)::bigint as number from ordered),
sealed as (select *, {seal.seal_sql("campaign", *SEALED_COLUMNS, "reviewer")} as seal from texts),
looked_at as (select *, {is_plain_sql(names)} as is_plain from sealed),
rows as (
    select *, {row_sql("number + 1", names, styles, "is_plain")} as cells from looked_at
),
inert as (select {inert}, reviewer as mail, number, cells from rows)
select mail as reviewer, number, concat({fields}, '\r\n') as line, cells from inert
"""


def shown_sql(column: Column) -> str:
    return (
        f"case when strlen({column.sql}) > {MAX_SHOWN_CHARACTERS}"
        f" and length({column.sql}) > {MAX_SHOWN_CHARACTERS}"
        f" then left({column.sql}, {MAX_SHOWN_CHARACTERS}) || ' …' else {column.sql} end"
    )
