"""Closes a campaign: imports are refused from then on, and its decisions can be planned."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Refused
from pipelines.review import progress, seal
from pipelines.review.campaign import campaign_status
from pipelines.review.packet.code_facts import read_code_facts
from pipelines.review.packet.publish import note_digest
from pipelines.review.packet.signature import check_key
from pipelines.review.packet.write import Origin, Packet, signing_key, write_packet
from pipelines.review.people import note_reviewers
from pipelines.sql import create_tables
from pipelines.warehouse import review_tables
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform
from pipelines.warehouse.publish import amend_published


def close_campaign(warehouse: Path, name: str, leave_undecided: bool, out: Path) -> Packet:
    """Close an open campaign, and publish it together with its packet of evidence.

    Raises Refused if items are undecided, unless `leave_undecided` is set. An undecided item is
    never an approval. Raises Misconfigured for a signing key that cannot sign, and closes nothing.
    """
    origin = Origin(warehouse, seal.read_key(warehouse))
    if key := signing_key():
        check_key(key)
    # The packet is moved into its place at the end of `until_published`, after the publication. If
    # the process dies in between, the same command writes the packet again.
    with ExitStack() as until_published, amend_published(warehouse) as workspace:
        with duckdb.connect(str(workspace.copy)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            if campaign_status(connection, name) != "open":
                raise Refused(
                    f"campaign {name}",
                    "another process has closed the campaign",
                    "run the same command again to write its packet",
                )
            if not leave_undecided:
                _must_be_decided(connection, name)
            # an earlier version lacks some columns
            create_tables(connection, [review_tables.CAMPAIGNS])
            connection.execute(
                "update review_campaigns set status = 'closed', closed_at = ?::timestamptz,"
                " closed_by = ?, closed_with = ?::json where campaign = ?",
                [datetime.now(UTC), settings.read_actor(), json.dumps(read_code_facts()), name],
            )
            note_reviewers(connection, name)
        transform(workspace.copy, workspace.dbt_home, DECISION_MODELS)
        with duckdb.connect(str(workspace.copy)) as connection:
            packet = until_published.enter_context(
                write_packet(connection, name, origin, out, "closed")
            )
            note_digest(connection, name, packet)
    return packet


def _must_be_decided(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    reviewers = progress.count_decisions(connection, name)
    total = progress.sum_counts(reviewers)
    missing = total["items"] - total["decided"]
    if missing:
        waiting = sum(one["decided"] < one["items"] for one in reviewers)
        raise Refused(
            f"campaign {name}",
            f"{missing} of {total['items']} items of {waiting} reviewers are not decided"
            f" ({total['unsettled']} of them are answered `unsure` or `not_mine`)",
            f"see `rollcall review status {name}`; or leave the items undecided, which approves"
            f" none of them: `rollcall review close {name} --undecided`",
        )
