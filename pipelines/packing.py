"""A packet from what is published, with its digest noted there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import export, packet, publish, reviews, seal, settings
from pipelines.failures import Locked


def pack(warehouse: Path, name: str, out: Path, label: str) -> tuple[Path, str]:
    """Write the packet of a campaign; return its folder and its manifest's digest."""
    key = seal.key(warehouse)
    with export.opened(warehouse) as connection:
        folder, digest = packet.written(connection, name, key, out, label)
        noted = connection.execute(
            "select 1 from review_packets where campaign = ? and manifest_sha256 = ?",
            [name, digest],
        ).fetchone()
    if not noted:
        try:
            _note(warehouse, name, digest)
        except Locked as error:
            raise Locked(
                error.what, f"the files are written ({folder}), but {error.why}, so their digest"
                " is not noted yet", "say the same again when it is done",
            ) from None  # fmt: skip
    return folder, digest


def _note(warehouse: Path, name: str, digest: str) -> None:
    with publish.amended(warehouse) as copy, duckdb.connect(str(copy)) as connection:
        reviews.PACKETS.create(connection)
        connection.execute(
            "insert into review_packets by name select ? as campaign, ? as manifest_sha256,"
            " (select status from review_campaigns where campaign = ?) as status,"
            " ?::timestamptz as written_at, ? as written_by",
            [name, digest, name, datetime.now(UTC), settings.actor()],
        )
