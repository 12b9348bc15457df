"""Whether a campaign is open, closed, or not opened yet."""

from __future__ import annotations

import duckdb


def campaign_status(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """`open` or `closed` where the campaign was opened, else None."""
    known = connection.execute(
        "select count(*) from duckdb_tables() where table_name = 'review_campaigns'"
    ).fetchone()
    if known == (0,):
        return None
    found = connection.execute(
        "select status from review_campaigns where campaign = ?", [name]
    ).fetchone()
    return found[0] if found else None
