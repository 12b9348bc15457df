"""Writes a packet: one folder that shows what was reviewed, by whom, and what was decided.

Everything is written from frozen rows, so the same campaign gives the same bytes. The manifest has
the digest of every file, the attestation has the digest of the manifest, and SHA256SUMS has all of
them. Somebody who noted the manifest's digest elsewhere can tell later whether any file was
changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from pipelines import settings
from pipelines.failures import Misconfigured, storage_failure
from pipelines.files import lock, safe_csv
from pipelines.files.output import check_output
from pipelines.files.scratch import scratch_in
from pipelines.review import progress
from pipelines.review.outgoing import files as reviewer_files
from pipelines.review.packet import evidence, layout, signature
from pipelines.review.packet.verify import verify_packet
from pipelines.review.people import reviewers_sql
from pipelines.review.returned import digest_file, returned_folder
from pipelines.sql import fetch_dicts, quote
from pipelines.warehouse.source_states import time_text

BEFORE_CLOSING = {"status": "open", "closed_at": None, "closed_by": None, "closed_with": None}
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


class Packet(NamedTuple):
    """Where a packet is, and the SHA-256 of its manifest."""

    folder: Path
    manifest_sha256: str


@dataclass(frozen=True)
class Origin:
    """What a packet is made from: the warehouse, whose folder keeps the returned files, and the key
    of the seals."""

    warehouse: Path
    key: bytes


def signing_key() -> Path | None:
    """Return the SSH key that signs closed packets, as REVIEW__SIGNING_KEY names it; None if none
    does."""
    given = settings.read_setting("review.signing_key")
    return Path(given).expanduser() if given else None


@contextmanager
def write_packet(
    connection: duckdb.DuckDBPyConnection, campaign: str, origin: Origin, out: Path, label: str
) -> Iterator[Packet]:
    """Write the packet, and rename it to `out/<campaign>/<label>` if the block succeeds.

    A packet with the same bytes in that place is kept. Anything else there is never overwritten.
    For a second packet `opened` this raises Misconfigured. A second closed packet, which may have
    later remediations, is written as `closed-2`, and so on; it names the one before it.
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
            is_closed = label != "opened"
            document = _write_files(connection, campaign, origin, building, is_closed)
            key = signing_key() if is_closed else None
            earlier = None
            for folder in _candidate_places(home, label):
                manifest = _write_manifest(building, document | {"continues": earlier})
                if _is_free(folder) or _has_same_files(building, folder, key is not None):
                    break
                earlier = {
                    "folder": folder.name,
                    "manifest_sha256": digest_file(folder / layout.MANIFEST),
                }
            if key and _is_free(folder):
                signature.sign(key, building)
            yield Packet(folder, hashlib.sha256(manifest.encode()).hexdigest())
            if _is_free(folder):
                building.rename(folder)
    except OSError as error:
        raise storage_failure(
            home, error, "check the disk, or choose another folder with --out"
        ) from None


def _write_manifest(building: Path, document: dict[str, Any]) -> str:
    """Write the manifest, the attestation and SHA256SUMS; return the text of the manifest."""
    manifest = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    attestation = layout.attestation_text(manifest)
    for name, text in (
        (layout.MANIFEST, manifest),
        (layout.ATTESTATION, attestation),
        (layout.SUMS, layout.sums_text(document["files"], manifest, attestation)),
    ):
        path = building / name
        path.write_bytes(text.encode())
        path.chmod(0o600)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / layout.MANIFEST).read_text(encoding="utf-8"))


def find_opened_before(out: Path, campaign: str) -> Packet | None:
    """Return the packet `opened` in this place, if an earlier version wrote it and it is unchanged.

    This version would write other bytes for the same campaign, and a packet is never overwritten.
    """
    folder = out / campaign / "opened"
    if not (folder / layout.MANIFEST).is_file():
        return None
    report = verify_packet(folder)
    is_earlier = report.about.get("format") not in (None, layout.PACKET_FORMAT)
    return Packet(folder, report.manifest_sha256) if is_earlier and not report.wrong else None


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
    origin: Origin,
    folder: Path,
    has_outcome: bool,
) -> dict[str, Any]:
    """Write every file of evidence, and return the manifest without `continues`.

    Without `has_outcome` all files are as on the day of the opening, whatever was imported since.
    """
    connection.execute("set TimeZone = 'UTC'")
    [row] = fetch_dicts(connection.execute("from review_campaigns where campaign = ?", [campaign]))
    row |= {} if has_outcome else BEFORE_CLOSING
    facts = {name: time_text(row[name]) for name in FACTS}
    facts |= {"due_on": str(row["due_on"]), "definition": json.loads(row["definition"])}
    parts = evidence.make_evidence_writers(connection, campaign, folder, has_outcome)
    batches = reviewer_files.make_file_writers(
        connection, campaign, origin.key, folder / "reviewers", facts
    )
    selected = evidence.write_population_sql(folder, row.get("population_sql"))
    returned, missing = [], []
    if has_outcome:
        kept = returned_folder(origin.warehouse)
        returned, missing = evidence.copy_returned(connection, campaign, kept, folder)
    # Each of our threads keeps a core busy, so DuckDB's own threads would only slow them down.
    connection.execute("set threads = 1")
    with ThreadPoolExecutor(min(safe_csv.MAX_THREADS, os.cpu_count() or 1)) as pool:
        done = [*pool.map(lambda write: write(), [*parts, *batches])]
    files, reviewers = [*done[: len(parts)], *selected, *returned], []
    people = _read_people(connection, campaign)
    for mail, entries in chain.from_iterable(done[len(parts) :]):
        names = [entry["name"] for entry in entries]
        who = people.get(mail) or {"kind": None, "name": None, "title": None}
        reviewers.append({"reviewer": mail, **who, "items": entries[0]["rows"], "files": names})
        files += entries
    return {
        "format": layout.PACKET_FORMAT,
        **facts,
        "definition_sha256": row["definition_sha256"],
        "sources": json.loads(row["sources"]),
        "accepted": json.loads(row["accepted"]),
        "code": _describe_code(row),
        "counts": _count_rows(connection, campaign, has_outcome),
        "reviewers": reviewers,
        "has_population_sql": bool(selected),
        "returned": {"kept": len(returned), "missing": missing},
        "files": files,
    }


def _read_people(
    connection: duckdb.DuckDBPyConnection, campaign: str
) -> dict[str, dict[str, str | None]]:
    """Return kind, name and title of each reviewer who was noted."""
    found = connection.execute(
        f"select reviewer, kind, full_name, job_title from {reviewers_sql(connection)}"
        " where campaign = ?",
        [campaign],
    ).fetchall()
    return {mail: {"kind": kind, "name": name, "title": job} for mail, kind, name, job in found}


def _describe_code(row: dict[str, Any]) -> dict[str, Any]:
    """Return the code that opened and closed a campaign; of an earlier one, the version alone."""
    opened = row.get("opened_with")
    found = {"opened": json.loads(opened) if opened else {"rollcall": row["rollcall"]}}
    if closed := row.get("closed_with"):
        found["closed"] = json.loads(closed)
    return found


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


def _has_same_files(one: Path, other: Path, is_signed: bool) -> bool:
    """Return whether two packets have the same files. A signature may differ, because some keys
    never sign twice alike; with `is_signed` the other packet must have one."""
    inside = [
        {
            path.relative_to(folder): path
            for path in folder.rglob("*")
            if not path.is_dir() and path != folder / layout.SIGNATURE
        }
        for folder in (one, other)
    ]
    if is_signed and not (other / layout.SIGNATURE).is_file():
        return False
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
