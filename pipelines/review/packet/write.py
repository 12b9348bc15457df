"""The files of a campaign: one folder that shows what was reviewed, by whom, how it was decided.

Everything is written from the frozen items, so the same campaign gives the same bytes. The manifest
has the digest of every file, and the attestation has the manifest's: whoever wrote that one down
elsewhere can tell later whether anything was touched.
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
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.files import lock, safe_csv, text_stream
from pipelines.files.scratch import scratch
from pipelines.review import progress
from pipelines.review.columns import ROW_ORDER
from pipelines.review.outgoing import files as reviewer_files
from pipelines.review.packet import attestation
from pipelines.review.packet.verify import PACKET_FORMAT
from pipelines.sql import fetch_dicts, quote
from pipelines.warehouse import publish, review_tables
from pipelines.warehouse.source_states import time_text

# Every decision that was taken in; what has none is there too, and says so
DECISIONS = """(
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


@dataclass(frozen=True)
class Part:
    """One CSV of evidence: a table of the review, its rows of this campaign, in this order."""

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
    Part("decisions.csv", DECISIONS, "item_id, import_id"),
    Part("imports.csv", review_tables.IMPORTS.name, "import_id"),
    Part("remediations.csv", "remediations", "all"),
)
OPENED = {"status": "open", "closed_at": None, "closed_by": None}


@contextmanager
def write_packet(
    connection: duckdb.DuckDBPyConnection, campaign: str, key: bytes, out: Path, label: str
) -> Iterator[tuple[Path, str]]:
    """Write the packet, and put it at `out/<campaign>/<label>` when the block ends well; yield that
    folder and its manifest's digest. One that is there already with the same bytes stays as it is;
    anything else there is never touched: raises Misconfigured. A closed one is written beside those
    before, as `closed-2` and so on: its remediations are later ones."""
    home = out / campaign
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        if home.is_symlink() or (home.exists() and not home.is_dir()):
            raise _occupied(home)
        home.mkdir(exist_ok=True, mode=0o700)
        with (
            lock.wait_for_lock(home),
            scratch(home / ".building") as building,
            scratch(home / ".sorting") as sorting,
        ):
            connection.execute(f"set memory_limit = '{safe_csv.SORT_MEMORY}'")
            connection.execute(f"set temp_directory = {quote(str(sorting))}")
            manifest = (
                json.dumps(
                    _fill(connection, campaign, key, building, label != "opened"),
                    indent=2,
                    ensure_ascii=False,
                )
                + "\n"
            )
            text_stream.write_new_file(building / "manifest.json", manifest)
            digest = hashlib.sha256(manifest.encode()).hexdigest()
            text_stream.write_new_file(
                building / "attestation.txt", attestation.attestation_text(manifest)
            )
            folder = next(
                place for place in _places(home, label) if _is_free(place) or _same(building, place)
            )
            yield folder, digest
            if _is_free(folder):
                building.rename(folder)
    except OSError as error:
        raise publish.storage_failure(home, error, "check the disk, or say --out") from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a packet that was just written."""
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _places(home: Path, label: str) -> Iterator[Path]:
    yield home / label
    if label == "opened":
        raise _occupied(home / label)
    yield from (home / f"{label}-{number}" for number in range(2, 1000))


def _is_free(place: Path) -> bool:
    return not (place.exists() or place.is_symlink())


def _fill(
    connection: duckdb.DuckDBPyConnection, campaign: str, key: bytes, folder: Path, outcome: bool
) -> dict[str, Any]:
    """Write every file but manifest and attestation; return the manifest. Without the outcome it
    is as on the day of the opening, whatever came in since."""
    connection.execute("set TimeZone = 'UTC'")
    [about] = fetch_dicts(
        connection.execute("from review_campaigns where campaign = ?", [campaign])
    )
    about |= {} if outcome else OPENED
    facts = {
        **{
            name: time_text(about[name])
            for name in (
                "campaign",
                "title",
                "status",
                "opened_at",
                "opened_by",
                "closed_at",
                "closed_by",
                "data_as_of",
            )
        },
        "due_on": str(about["due_on"]),
        "definition": json.loads(about["definition"]),
    }
    tables = [
        partial(_table, connection, campaign, folder, part)
        for part in EVIDENCE + OUTCOME * outcome
        if part.table == DECISIONS or _exists(connection, part.table)
    ]
    shares = reviewer_files.make_file_writers(
        connection, campaign, key, folder / "reviewers", facts
    )
    # each writes with a core of its own: the threads of DuckDB do not rest while they wait for it
    connection.execute("set threads = 1")
    with ThreadPoolExecutor(min(safe_csv.MAX_THREADS, os.cpu_count() or 1)) as pool:
        done = [*pool.map(lambda write: write(), [*tables, *shares])]
    files, reviewers = done[: len(tables)], []
    for mail, entries in chain.from_iterable(done[len(tables) :]):
        names = [entry["name"] for entry in entries]
        reviewers.append({"reviewer": mail, "items": entries[0]["rows"], "files": names})
        files += entries
    return {
        "format": PACKET_FORMAT,
        **facts,
        "definition_sha256": about["definition_sha256"],
        "sources": json.loads(about["sources"]),
        "accepted": json.loads(about["accepted"]),
        "versions": {"rollcall": about["rollcall"], "duckdb": duckdb.__version__},
        "counts": _counts(connection, campaign, outcome),
        "reviewers": reviewers,
        "files": files,
    }


def _table(
    connection: duckdb.DuckDBPyConnection, campaign: str, folder: Path, part: Part
) -> dict[str, Any]:
    """Write one CSV of evidence; its entry of the manifest."""
    rows = f"from {part.table} where campaign = {quote(campaign)}"
    with connection.cursor() as own:
        own.execute("set TimeZone = 'UTC'")
        return safe_csv.write_csv(own, folder / part.name, rows, part.order)


def _counts(connection: duckdb.DuckDBPyConnection, campaign: str, outcome: bool) -> dict[str, Any]:
    """What the files add up to."""

    def by(column: str, table: str, condition: str = "true") -> dict[str, int]:
        return dict(
            connection.execute(
                f"select {column}, count(*) from {table}"
                f" where campaign = {quote(campaign)} and {condition} group by all order by all"
            ).fetchall()
        )

    total = progress.read_totals(progress.count_decisions(connection, campaign))
    if not outcome:
        total |= {"decided": 0, "unsettled": 0, "undecided": total["items"]}
    return {
        **total,
        "items_by_source": by("source_name", "review_items"),
        "items_by_rule": by("reviewer_rule", "review_items"),
        "conflicts": by("reviewer_conflict", "review_items", "reviewer_conflict is not null"),
        "excluded": by("kind", "review_exclusions"),
        "findings": sum(by("campaign", "review_findings").values()),
        "decisions": by("decision", "review_decisions", "is_current") if outcome else {},
    }


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'main' and table_name = ?", [table]
        ).fetchone()
    )


def _same(one: Path, other: Path) -> bool:
    """Whether both folders hold the same files with the same bytes."""
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
        "something else is there, and it is never written over",
        "move it away, or say --out",
    )
