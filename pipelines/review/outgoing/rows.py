"""Read the rows of each reviewer's files from the frozen items, as CSV and as XML of a sheet.

The last columns of a row identify the item that the decision is for. The seal shows whether these
columns come back unchanged. A column that says nothing in the whole campaign is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.failures import Refused
from pipelines.files import safe_csv
from pipelines.files.text_stream import ROWS_PER_BATCH, join_texts, prefetch
from pipelines.files.xlsx_write import MAX_CELL_CHARACTERS, row_xml_sql
from pipelines.review import columns, seal
from pipelines.review.columns import MAX_SHOWN_CHARACTERS, Column
from pipelines.sql import quote

ITEMS = "review_items"


@dataclass(frozen=True)
class Share:
    """The items of one reviewer: their number by system, and whether every text fits in a cell."""

    mail: str
    systems: Counter[str]
    fits_cells: bool


@dataclass(frozen=True)
class Layout:
    """The columns of a campaign's files: all headers in their order, and the SQL of those that are
    only shown. `order` is the SQL of the order of a reviewer's rows."""

    headers: tuple[str, ...]
    shown: dict[str, str]
    order: str


@dataclass(frozen=True)
class Sheet:
    """What is written for all reviewers: the layout, the cell style of each column in a workbook,
    and the SQL of the items, a relation like `review_items`."""

    layout: Layout
    styles: Sequence[int]
    items: str = ITEMS


# Lines of CSV, and the same rows as XML of a sheet.
Pieces = Iterator[tuple[memoryview, memoryview]]


def read_layout(connection: duckdb.DuckDBPyConnection, campaign: str) -> Layout:
    """Return the layout of the campaign's files, which is the same for all of its reviewers."""
    frozen = {name for name, *_ in connection.execute("describe review_items").fetchall()}
    shown = {
        column.header: shown_sql(column) if frozen.issuperset(column.needs) else "''"
        for column in columns.SHOWN_COLUMNS
        if column.header in columns.ALWAYS_SHOWN
        or (frozen.issuperset(column.needs) and _says_something(connection, campaign, column))
    }
    headers = [
        name
        for name in columns.HEADERS
        if name in shown or name in (*columns.DECISION_COLUMNS, *columns.HIDDEN_COLUMNS)
    ]
    order = columns.EYES_FIRST if "recommendation" in frozen else columns.ROW_ORDER
    return Layout(tuple(headers), shown, order)


def _says_something(connection: duckdb.DuckDBPyConnection, campaign: str, column: Column) -> bool:
    """Return whether the column has a word of its own in any item of the campaign."""
    silent = ", ".join(map(quote, ("", *column.empty_words)))
    return bool(
        connection.execute(
            f"select 1 from review_items where campaign = {quote(campaign)}"
            f" and coalesce({column.sql}, '') not in ({silent}) limit 1"
        ).fetchone()
    )


def read_shares(
    connection: duckdb.DuckDBPyConnection, campaign: str, items: str = ITEMS
) -> list[Share]:
    """Return the share of every reviewer of the campaign, ordered by mail address.

    `items` is the SQL of a relation like `review_items`.
    """
    systems: dict[str, Counter[str]] = defaultdict(Counter)
    longest: Counter[str] = Counter()
    for mail, system, count, length in connection.execute(
        "select reviewer, source_name, count(*),"
        f" max(greatest({', '.join(f'strlen({name})' for name in columns.IDENTITY_COLUMNS)}))"
        f" from {items} where campaign = {quote(campaign)} group by all order by all"
    ).fetchall():
        systems[mail][system] = count
        longest[mail] = max(longest[mail], length)
    return [
        Share(mail, counts, longest[mail] <= MAX_CELL_CHARACTERS)
        for mail, counts in systems.items()
    ]


def read_titles(connection: duckdb.DuckDBPyConnection, campaign: str) -> dict[str, str]:
    """Return the name of each system of the campaign that people read, as of the opening."""
    query = (
        f"select distinct source_name, {columns.SYSTEM_SQL} from review_items where campaign = ?"
    )
    return dict(connection.execute(query, [campaign]).fetchall())


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    sheet: Sheet,
    shares: Sequence[Share],
) -> Iterator[tuple[Share, Pieces]]:
    """Yield consecutive reviewers with their rows, from one query.

    The caller must take all pieces of a reviewer before the next reviewer. CSV text is safe for
    spreadsheets. Rows of a sheet begin at its row 2.
    """
    connection.execute("set TimeZone = 'UTC'")
    result = connection.execute(
        _rows_sql(sheet),
        seal.hmac_pads(key)
        | {"campaign": campaign, "first": shares[0].mail, "last": shares[-1].mail},
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
                    "DuckDB returned its rows in another order than requested",
                    "report this bug; no file was written",
                )
            done += len(batch)
            yield join_texts(batch["line"]), join_texts(batch["cells"])

    for share in shares:
        yield share, pieces(share.mail, share.systems.total())


def _rows_sql(sheet: Sheet) -> str:
    """Return SQL for one row per item of the reviewers from $first to $last, in the given order."""
    texts = [
        ("item_id", "item_id"),
        *sheet.layout.shown.items(),
        *((name, "''") for name in columns.DECISION_COLUMNS),
        *((name, name) for name in columns.IDENTITY_COLUMNS),
    ]
    made = ", ".join(f"coalesce({sql}, '') as \"{name}\"" for name, sql in texts)
    names = [f'"{name}"' for name in sheet.layout.headers]
    lines = safe_csv.lines_sql(
        [(name, "VARCHAR") for name in sheet.layout.headers],
        "rows",
        others="reviewer as mail, number, cells",
    )
    shown = ", ".join(
        f"case when has_control then {columns.replace_controls_sql(name)} else {name} end as {name}"
        for name in names
    )
    widths = {
        f'"{column.header}"': column.width
        for column in columns.SHOWN_COLUMNS
        if column.is_wrapped and column.header in sheet.layout.shown
    }
    sealed = seal.seal_sql("campaign", *columns.SEALED_COLUMNS, "reviewer")
    # Each reviewer's rows are numbered from 1. The sort comes before the texts are made, because it
    # is faster while the rows are narrow.
    return f"""
with items as (
    from {sheet.items} where campaign = $campaign and reviewer between $first and $last
),
shares as (
    select reviewer, sum(count(*)) over (order by reviewer) - count(*) as before
    from items group by reviewer
),
ordered as (
    select items.*, before from items join shares using (reviewer)
    order by reviewer, {sheet.layout.order}
),
texts as (select {made}, (row_number() over () - before)::bigint as number from ordered),
sealed as (select *, {sealed} as seal from texts),
shown as (
    select * replace ({shown}) from (
        select *, regexp_matches(concat({", ".join(names)}), '{columns.CONTROL}') as has_control
        from sealed
    )
),
rows as (select *, {row_xml_sql("number + 1", names, sheet.styles, widths)} as cells from shown)
select mail as reviewer, number, line, cells from ({lines})
"""


def shown_sql(column: Column) -> str:
    """Return SQL for the text of a column that is only shown, cut at MAX_SHOWN_CHARACTERS."""
    return (
        f"case when strlen({column.sql}) > {MAX_SHOWN_CHARACTERS}"
        f" and length({column.sql}) > {MAX_SHOWN_CHARACTERS}"
        f" then left({column.sql}, {MAX_SHOWN_CHARACTERS}) || ' …' else {column.sql} end"
    )
