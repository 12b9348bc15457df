"""Write access_review.csv, with one row per grant to decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.files.safe_csv import write_csv

DECISION_COLUMNS = ("decision", "decision_comment", "decided_by", "decided_at")


def write_review(warehouse: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    """Write the mart access_review and empty decision columns; return the manifest entry."""
    return write_csv(
        warehouse,
        path,
        "from access_review",
        "account_id, entitlement_id, scope_id nulls first, grant_id",
        DECISION_COLUMNS,
    )
