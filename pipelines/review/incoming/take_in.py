"""Import decisions: check every row against its item, and take all decisions or none.

A rejected row is reported with its number, the reason and what was expected. A row that is missing
or empty leaves its item undecided: it neither approves nor revokes. An imported decision is never
changed; a later one supersedes it, and both are kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured, Refused
from pipelines.review import campaign as campaigns
from pipelines.review import returned, seal
from pipelines.review.incoming import decision_file
from pipelines.review.incoming.decision_file import DecisionFile
from pipelines.review.incoming.judging import judge_files
from pipelines.review.incoming.outcome import Outcome
from pipelines.review.incoming.rules import OpenCampaign
from pipelines.sql import create_tables
from pipelines.warehouse import publish, review_tables

TEXT_FIELDS = ("item_id", "import_id", "grant_id", "decision", "comment", "decided_by")
DECISION_SCHEMA = pa.schema(
    {name: pa.string() for name in TEXT_FIELDS}
    | {"row_number": pa.int64(), "decided_at": pa.timestamp("us", "UTC")}
    | {"seconds": pa.int32(), "is_bulk": pa.bool_()}
)


def import_decisions(
    warehouse: Path,
    name: str,
    paths: list[Path],
    actor: str,
    good_rows: bool = False,
    supersede: bool = False,
) -> Outcome:
    """Import the decisions of these files. If a row is rejected, import none, unless `good_rows`.

    Raises Misconfigured for an unknown campaign or file, and Refused for a closed campaign or a
    file that cannot be read.
    """
    campaigns.must_be_a_name(name)
    outcome = judged = None
    # Read and judge without the lock, because that takes long; then write with the lock. If another
    # process has published in between, judge again, now with the lock.
    for is_locked in (False, True):
        version = _version(warehouse)
        with (_open_copy if is_locked else publish.open_published)(warehouse) as connection:
            campaign = _read_campaign(connection, name, warehouse)
            if outcome is None:
                files, places = _read_files(paths)
            if outcome is None or judged != _version(warehouse):
                outcome, judged = judge_files(connection, campaign, files, supersede), version
            if not outcome.new or (outcome.rejections and not good_rows):
                break
            if is_locked:
                for file in outcome.files:
                    if file.decided:
                        returned.keep_file(warehouse, places[file.sha256], file.sha256)
                _insert(connection, campaign, outcome, actor)
                outcome.is_published = True
    return outcome


@contextmanager
def _open_copy(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a copy to write into, with the lock; publish it when the block ends."""
    with (
        publish.amend_published(warehouse) as workspace,
        duckdb.connect(str(workspace.copy)) as connection,
    ):
        create_tables(connection, (review_tables.IMPORTS, review_tables.DECIDED))
        yield connection


def _version(warehouse: Path) -> tuple[int, int] | None:
    """Return a value that is new after each publication, which puts a new file in place."""
    about = warehouse.stat() if warehouse.exists() else None
    return about and (about.st_ino, about.st_mtime_ns)


def _read_campaign(
    connection: duckdb.DuckDBPyConnection, name: str, warehouse: Path
) -> OpenCampaign:
    connection.execute("set TimeZone = 'UTC'")
    status = campaigns.campaign_status(connection, name)
    if status is None:
        raise Misconfigured(
            f"campaign {name}", "it was never opened", f"run `rollcall review open {name}`"
        )
    if status != "open":
        raise Refused(
            f"campaign {name}",
            "it is closed, and its decisions cannot change",
            "decide in the next campaign",
        )
    [(opened_at, due_on)] = connection.execute(
        "select opened_at, due_on from review_campaigns where campaign = ?", [name]
    ).fetchall()
    key = seal.read_key(warehouse, make=False)
    return OpenCampaign(name, opened_at, due_on, key, datetime.now(UTC))


def _read_files(paths: list[Path]) -> tuple[list[DecisionFile], dict[str, Path]]:
    """Read the files, without those that have the same bytes as an earlier one; return them, and
    the path of each by its SHA-256."""
    files: dict[str, DecisionFile] = {}
    places: dict[str, Path] = {}
    for path in paths:
        file = decision_file.read_decision_file(path)
        files.setdefault(file.sha256, file)
        places.setdefault(file.sha256, path)
    return [*files.values()], places


def _insert(
    connection: duckdb.DuckDBPyConnection, campaign: OpenCampaign, outcome: Outcome, actor: str
) -> None:
    ids = [f"{campaign.now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}" for _ in outcome.files]
    rows = [
        {name: getattr(one, name) for name in ("item_id", "grant_id", "row_number")}
        | {"import_id": ids[one.file], **one.answer._asdict()}
        for one in outcome.new
    ]
    connection.register("taken", pa.Table.from_pylist(rows, DECISION_SCHEMA))
    connection.execute(
        "update review_decisions set is_current = false, superseded_by = taken.import_id from taken"
        " where review_decisions.campaign = ? and review_decisions.is_current"
        " and review_decisions.item_id = taken.item_id",
        [campaign.name],
    )
    connection.execute(
        "insert into review_decisions by name select *, ? as campaign, true as is_current,"
        " ?::date > ?::date as is_late from taken",
        [campaign.name, campaign.now.date(), campaign.due_on],
    )
    for import_id, file in zip(ids, outcome.files, strict=True):
        values = {
            "import_id": import_id,
            "campaign": campaign.name,
            "file_name": file.name,
            "file_sha256": file.sha256,
            "imported_at": campaign.now,
            "imported_by": actor,
            "rows_read": file.rows,
            "rows_decided": file.decided,
            "rows_undecided": file.undecided,
            "rows_rejected": file.rejected,
        }
        if file.decided:
            names = ", ".join(f"${name} as {name}" for name in values)
            connection.execute(f"insert into review_imports by name select {names}", values)
