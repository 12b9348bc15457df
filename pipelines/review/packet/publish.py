"""Notes the digests of packets in the warehouse, and writes a packet again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Locked
from pipelines.review import seal
from pipelines.review.packet.write import Origin, Packet, find_opened_before, write_packet
from pipelines.sql import create_tables, fetch_dicts
from pipelines.warehouse import review_tables
from pipelines.warehouse.publish import amend_published, open_published


def write_packet_again(warehouse: Path, name: str, out: Path, label: str) -> Packet:
    """Write the packet of a published campaign, and note its digest if it is not noted yet."""
    origin = Origin(warehouse, seal.read_key(warehouse))
    with open_published(warehouse) as connection:
        _note_opening(connection, warehouse, name)
        if label == "opened" and (earlier := find_opened_before(out, name)):
            return earlier
        with write_packet(connection, name, origin, out, label) as packet:
            is_noted = connection.execute(
                "select 1 from review_packets where campaign = ? and manifest_sha256 = ?",
                [name, packet.manifest_sha256],
            ).fetchone()
    if not is_noted:
        try:
            with (
                amend_published(warehouse) as workspace,
                duckdb.connect(str(workspace.copy)) as connection,
            ):
                note_digest(connection, name, packet)
        except Locked as error:
            raise Locked(
                error.what,
                f"the files are written ({packet.folder}), but {error.why}, so the digest of the"
                " manifest is not noted yet",
                "run the same command again later",
            ) from None
    return packet


def _note_opening(connection: duckdb.DuckDBPyConnection, warehouse: Path, name: str) -> None:
    """Note the opening beside the key, in case the process that opened the campaign died early."""
    found = connection.execute("from review_campaigns where campaign = ?", [name])
    [campaign] = fetch_dicts(found)
    if opening := campaign.get("opening"):  # earlier versions had none
        seal.note_opening(warehouse, name, opening)


def note_digest(connection: duckdb.DuckDBPyConnection, name: str, packet: Packet) -> None:
    """Add the packet to `review_packets`, so that its holder can prove its origin."""
    create_tables(connection, [review_tables.PACKETS])
    connection.execute(
        "insert into review_packets by name select ? as campaign, ? as manifest_sha256,"
        " (select status from review_campaigns where campaign = ?) as status,"
        " ?::timestamptz as written_at, ? as written_by",
        [name, packet.manifest_sha256, name, datetime.now(UTC), settings.read_actor()],
    )
