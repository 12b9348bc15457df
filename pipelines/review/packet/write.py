"""Writes a packet: one folder that shows what was reviewed, by whom, and what was decided.

Everything is written from the frozen items, so the same campaign gives the same bytes. The manifest
has the digest of every file, and the attestation has the digest of the manifest. Somebody who noted
the manifest's digest elsewhere can tell later whether any file was changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipelines.failures import Misconfigured, storage_failure
from pipelines.files import lock, safe_csv, text_stream
from pipelines.files.output import check_output
from pipelines.files.scratch import scratch_in
from pipelines.review import progress
from pipelines.review.columns import ROW_ORDER
from pipelines.review.outgoing import files as reviewer_files
from pipelines.review.packet import attestation
from pipelines.review.packet.verify import PACKET_FORMAT
from pipelines.sql import fetch_dicts, has_table, quote
from pipelines.warehouse import review_tables
from pipelines.warehouse.source_states import time_text

# Every imported decision, and a row `undecided` for each item without one
DECISIONS_SQL = """(
    select
        review_items.campaign,
        review_items.item_id,
        coalesce(decision, 'undecided') as decision,
        review_items.reviewer,
        comment,
        decided_by,
        decided_at,
        is_late,
        is_current,
        import_id,
        row_number,
        superseded_by,
        review_items.grant_id
    from review_items
    left join review_decisions using (campaign, item_id)
)"""


class Packet(NamedTuple):
    """Where a packet is, and the SHA-256 of its manifest."""

    folder: Path
    manifest_sha256: str


@dataclass(frozen=True)
class Part:
    """One CSV file of evidence: the rows of a table that belong to the campaign, in this order."""

    name: str
    table: str
    order: str


EVIDENCE = (
    Part("population.csv", review_tables.ITEMS.name, ROW_ORDER),
    Part("exclusions.csv", review_tables.EXCLUSIONS.name, "kind, excluded_id"),
    Part("findings.csv", review_tables.FINDINGS.name, "finding_id"),
    Part("ledger.csv", review_tables.LEDGER.name, "source_name"),
)
OUTCOME = (
    Part("decisions.csv", DECISIONS_SQL, "item_id, import_id"),
    Part("imports.csv", review_tables.IMPORTS.name, "import_id"),
    Part("remediations.csv", "remediations", "all"),
)
BEFORE_CLOSING = {"status": "open", "closed_at": None, "closed_by": None}
FACTS = (
    "campaign",
    "title",
    "status",
    "opened_at",
    "opened_by",
    "closed_at",
    "closed_by",
    "data_as_of",
)


@contextmanager
def write_packet(
    connection: duckdb.DuckDBPyConnection, campaign: str, key: bytes, out: Path, label: str
) -> Iterator[Packet]:
    """Write the packet, and rename it to `out/<campaign>/<label>` if the block succeeds.

    A packet with the same bytes in that place is kept. Anything else there is never overwritten.
    For a second packet `opened` this raises Misconfigured. A second closed packet, which may have
    later remediations, is written as `closed-2`, and so on.
    """
    home = out / campaign
    check_output(home)
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        if home.is_symlink() or (home.exists() and not home.is_dir()):
            raise _occupied(home)
        home.mkdir(exist_ok=True, mode=0o700)
        with lock.exclusive(home), scratch_in(home) as building, scratch_in(home) as sorting:
            connection.execute(f"set memory_limit = '{safe_csv.SORT_MEMORY}'")
            connection.execute(f"set temp_directory = {quote(str(sorting))}")
            document = _write_files(connection, campaign, key, building, label != "opened")
            manifest = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
            text_stream.write_new_file(building / "manifest.json", manifest)
            text_stream.write_new_file(
                building / "attestation.txt", attestation.attestation_text(manifest)
            )
            folder = next(
                place
                for place in _candidate_places(home, label)
                if _is_free(place) or _has_same_files(building, place)
            )
            yield Packet(folder, hashlib.sha256(manifest.encode()).hexdigest())
            if _is_free(folder):
                building.rename(folder)
    except OSError as error:
        raise storage_failure(
            home, error, "check the disk, or choose another folder with --out"
        ) from None


def read_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _candidate_places(home: Path, label: str) -> Iterator[Path]:
    yield home / label
    if label == "opened":
        raise _occupied(home / label)
    yield from (home / f"{label}-{number}" for number in range(2, 1000))


def _is_free(place: Path) -> bool:
    return not (place.exists() or place.is_symlink())


def _write_files(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    key: bytes,
    folder: Path,
    has_outcome: bool,
) -> dict[str, Any]:
    """Write every file except the manifest and the attestation, and return the manifest.

    Without `has_outcome` all files are as on the day of the opening, whatever was imported since.
    """
    connection.execute("set TimeZone = 'UTC'")
    [row] = fetch_dicts(connection.execute("from review_campaigns where campaign = ?", [campaign]))
    row |= {} if has_outcome else BEFORE_CLOSING
    facts = {name: time_text(row[name]) for name in FACTS}
    facts |= {"due_on": str(row["due_on"]), "definition": json.loads(row["definition"])}
    evidence = [
        partial(_write_evidence, connection, campaign, folder, part)
        for part in EVIDENCE + OUTCOME * has_outcome
        # An older warehouse lacks some tables
        if part.table == DECISIONS_SQL or has_table(connection, part.table)
    ]
    batches = reviewer_files.make_file_writers(
        connection, campaign, key, folder / "reviewers", facts
    )
    # Each of our threads keeps a core busy, so DuckDB's own threads would only slow them down.
    connection.execute("set threads = 1")
    with ThreadPoolExecutor(min(safe_csv.MAX_THREADS, os.cpu_count() or 1)) as pool:
        done = [*pool.map(lambda write: write(), [*evidence, *batches])]
    files, reviewers = done[: len(evidence)], []
    for mail, entries in chain.from_iterable(done[len(evidence) :]):
        names = [entry["name"] for entry in entries]
        reviewers.append({"reviewer": mail, "items": entries[0]["rows"], "files": names})
        files += entries
    return {
        "format": PACKET_FORMAT,
        **facts,
        "definition_sha256": row["definition_sha256"],
        "sources": json.loads(row["sources"]),
        "accepted": json.loads(row["accepted"]),
        "versions": {"rollcall": row["rollcall"], "duckdb": duckdb.__version__},
        "counts": _count_rows(connection, campaign, has_outcome),
        "reviewers": reviewers,
        "files": files,
    }


def _write_evidence(
    connection: duckdb.DuckDBPyConnection, campaign: str, folder: Path, part: Part
) -> dict[str, Any]:
    """Write one CSV of evidence, and return its entry of the manifest."""
    rows = f"from {part.table} where campaign = {quote(campaign)}"
    with connection.cursor() as own:
        own.execute("set TimeZone = 'UTC'")
        return safe_csv.write_csv(own, folder / part.name, rows, part.order)


def _count_rows(
    connection: duckdb.DuckDBPyConnection, campaign: str, has_outcome: bool
) -> dict[str, Any]:
    """Return the counts that `verify` compares with the files."""

    def count_by(column: str, table: str, condition: str = "true") -> dict[str, int]:
        return dict(
            connection.execute(
                f"select {column}, count(*) from {table}"
                f" where campaign = {quote(campaign)} and {condition} group by all order by all"
            ).fetchall()
        )

    total = progress.sum_counts(progress.count_decisions(connection, campaign))
    if not has_outcome:
        total |= {"decided": 0, "unsettled": 0, "undecided": total["items"]}
    return {
        **total,
        "items_by_source": count_by("source_name", "review_items"),
        "items_by_rule": count_by("reviewer_rule", "review_items"),
        "conflicts": count_by("reviewer_conflict", "review_items", "reviewer_conflict is not null"),
        "excluded": count_by("kind", "review_exclusions"),
        "findings": sum(count_by("campaign", "review_findings").values()),
        "decisions": count_by("decision", "review_decisions", "is_current") if has_outcome else {},
    }


def _has_same_files(one: Path, other: Path) -> bool:
    inside = [
        {path.relative_to(folder): path for path in folder.rglob("*") if not path.is_dir()}
        for folder in (one, other)
    ]
    return (
        not other.is_symlink()
        and inside[0].keys() == inside[1].keys()
        and all(
            not inside[1][name].is_symlink() and path.read_bytes() == inside[1][name].read_bytes()
            for name, path in inside[0].items()
        )
    )


def _occupied(place: Path) -> Misconfigured:
    return Misconfigured(
        str(place),
        "another file or folder is in this place, and it is never overwritten",
        "move it away, or choose another folder with --out",
    )
