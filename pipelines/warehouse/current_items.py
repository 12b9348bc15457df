"""The items of campaigns with the reviewer who decides on each now.

`review_items` keeps who was asked at the opening. `review_reassignments` has who was asked since.
"""

from __future__ import annotations

import duckdb

from pipelines.sql import has_table
from pipelines.warehouse.review_tables import ITEMS, REASSIGNMENTS

CURRENT_ITEMS_SQL = """(
    select review_items.* replace (coalesce(to_reviewer, reviewer) as reviewer)
    from review_items
    left join (
        select campaign, item_id, to_reviewer from review_reassignments where is_current
    ) as reassigned
        on review_items.campaign = reassigned.campaign
        and review_items.item_id = reassigned.item_id
)"""


def items_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL of a relation like `review_items`, in which `reviewer` is who decides now."""
    return CURRENT_ITEMS_SQL if _has_reassignments(connection) else ITEMS.name


def reassignments_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL of all reassignments: none in a warehouse of a version that knew none."""
    if has_table(connection, REASSIGNMENTS.name):
        return REASSIGNMENTS.name
    nothing = ", ".join(
        f"null::{kind.removesuffix(' not null')} as {name}"
        for name, (kind, _) in REASSIGNMENTS.columns.items()
    )
    return f"(select {nothing} where false)"


def _has_reassignments(connection: duckdb.DuckDBPyConnection) -> bool:
    found = connection.execute(f"select 1 from {reassignments_sql(connection)} limit 1")
    return bool(found.fetchone())
