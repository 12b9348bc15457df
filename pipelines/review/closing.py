"""Closing a campaign: no decision is taken in any more, and what they ask for can be planned."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.failures import Refused
from pipelines.review import progress
from pipelines.review.packet import publish
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform


def close_campaign(
    warehouse: Path, name: str, actor: str, leave_undecided: bool, out: Path
) -> tuple[Path, str]:
    """Close a campaign that is open, and publish that with the packet, whose folder and digest are
    returned. Raises Refused while items are not decided, unless they are to be left so: that never
    makes an approval of them."""
    return publish.publish_with_packet(
        warehouse, name, out, "closed", lambda copy: _closed(copy, name, actor, leave_undecided)
    )


def _closed(copy: Path, name: str, actor: str, leave_undecided: bool) -> None:
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        reviewers = progress.count_decisions(connection, name)
        total = progress.read_totals(reviewers)
        missing = total["items"] - total["decided"]
        if missing and not leave_undecided:
            waiting = sum(one["decided"] < one["items"] for one in reviewers)
            raise Refused(
                f"campaign {name}",
                f"{missing} of {total['items']} items are not decided, with {waiting}"
                f" reviewers ({total['unsettled']} of them are unsure or not theirs)",
                f"see `rollcall review status {name}`; or leave them undecided, which approves"
                f" none of them: `rollcall review close {name} --undecided`",
            )
        connection.execute(
            "update review_campaigns set status = 'closed', closed_at = ?::timestamptz,"
            " closed_by = ? where campaign = ?",
            [datetime.now(UTC), actor, name],
        )
    transform(copy, copy.parent.parent.parent, DECISION_MODELS)
