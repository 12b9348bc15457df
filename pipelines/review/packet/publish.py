"""A packet of what is published or about to be, with its digest noted there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import settings
from pipelines.failures import Locked
from pipelines.review import seal
from pipelines.review.packet import write
from pipelines.warehouse import publish, review_tables


def publish_with_packet(
    warehouse: Path, name: str, out: Path, label: str, amend: Callable[[Path], None]
) -> tuple[Path, str]:
    """Publish what `amend` makes of a copy of what is published, together with the digest of the
    campaign's packet, which takes its place after that: what dies in between leaves a campaign
    whose packet is to be written once more. Return its folder and its manifest's digest."""
    key = seal.read_key(warehouse)
    with ExitStack() as until_published, publish.amend_published(warehouse) as copy:
        amend(copy)
        with duckdb.connect(str(copy)) as connection:
            folder, digest = until_published.enter_context(
                write.write_packet(connection, name, key, out, label)
            )
            _note(connection, name, digest)
    return folder, digest


def write_packet_again(warehouse: Path, name: str, out: Path, label: str) -> tuple[Path, str]:
    """Write the packet of a campaign as it is published, and note its digest if that is not known
    yet. Return its folder and its manifest's digest."""
    key = seal.read_key(warehouse)
    with (
        publish.open_published(warehouse) as connection,
        write.write_packet(connection, name, key, out, label) as (folder, digest),
    ):
        noted = connection.execute(
            "select 1 from review_packets where campaign = ? and manifest_sha256 = ?",
            [name, digest],
        ).fetchone()
    if not noted:
        try:
            with (
                publish.amend_published(warehouse) as copy,
                duckdb.connect(str(copy)) as connection,
            ):
                _note(connection, name, digest)
        except Locked as error:
            raise Locked(
                error.what,
                f"the files are written ({folder}), but {error.why}, so their digest"
                " is not noted yet",
                "say the same again when it is done",
            ) from None
    return folder, digest


def _note(connection: duckdb.DuckDBPyConnection, name: str, digest: str) -> None:
    review_tables.PACKETS.create(connection)
    connection.execute(
        "insert into review_packets by name select ? as campaign, ? as manifest_sha256,"
        " (select status from review_campaigns where campaign = ?) as status,"
        " ?::timestamptz as written_at, ? as written_by",
        [name, digest, name, datetime.now(UTC), settings.read_actor()],
    )
