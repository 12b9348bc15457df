"""Checks a review packet from the packet alone: no warehouse and no key are needed.

Every file is compared with the manifest, the manifest with the attestation and SHA256SUMS, and the
manifest's counts with the rows of the files. Somebody who rewrites a whole packet can make it agree
again; only a digest of the manifest that was noted elsewhere, or a signature, reveals that.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.failures import Misconfigured
from pipelines.review.packet import layout
from pipelines.review.packet.layout import ATTESTATION, FORMAT_1, MANIFEST, SIGNATURE, SUMS
from pipelines.review.packet.signature import verify_signature

SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")
csv.field_size_limit(2**31 - 1)


@dataclass
class PacketReport:
    """The result of a check: `wrong` has the name of each wrong file, and what is wrong with it."""

    folder: Path
    manifest_sha256: str = ""
    about: dict[str, Any] = field(default_factory=dict)  # the manifest
    files: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    signed_by: str = ""  # an allowed signer whose signature is right
    is_signed: bool = False

    @property
    def is_first_format(self) -> bool:
        return self.about["format"] == FORMAT_1

    def describe_signature(self) -> str:
        """Return whose signature the packet has, and whether it was checked."""
        if self.signed_by:
            return f"{SIGNATURE} is of {self.signed_by}"
        if self.is_signed:
            return f"{SIGNATURE} was not checked: name the allowed signers with --allowed-signers"
        return "the packet is not signed"

    @cached_property
    def listed(self) -> dict[str, dict[str, Any]]:
        """The manifest's entry of each file."""
        return {entry["name"]: entry for entry in self.about["files"]}

    def compare(self, name: str, what: str, in_manifest: object, in_files: object) -> None:
        if in_manifest != in_files:
            self.wrong.append(
                (name, f"{what}: {in_manifest} in the manifest, {in_files} in the files")
            )

    def read_rows(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a CSV; compare its header and, at the end, its number of rows."""
        count = 0
        with (self.folder / name).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            self.compare(name, "columns", self.listed[name]["columns"], reader.fieldnames)
            for row in reader:
                count += 1
                if None in row or None in row.values():
                    raise ValueError("a row has more or fewer cells than the header")
                yield row
        self.compare(name, "rows", self.listed[name]["rows"], count)


def verify_packet(
    folder: Path, noted_sha256: str = "", allowed_signers: Path | None = None
) -> PacketReport:
    """Check everything in the folder. `noted_sha256` is the manifest's digest as somebody noted it;
    with `allowed_signers` (a file of ssh-keygen) one of them must have signed the packet.

    Raises Misconfigured for a missing folder or file, and for a text that is no digest.
    """
    noted_sha256 = noted_sha256.strip().lower()
    if noted_sha256 and not SHA256_PATTERN.fullmatch(noted_sha256):
        raise Misconfigured(
            "--manifest-sha256", "this is not 64 hex digits", "copy it from where it was noted"
        )
    if not folder.is_dir():
        raise Misconfigured(str(folder), "this folder does not exist", "name the packet's folder")
    report = PacketReport(folder)
    present = _list_files(report)
    report.files = len(present)
    for name in (MANIFEST, ATTESTATION):
        if name not in present:
            report.wrong.append((name, "it is missing"))
            return report
    raw = (folder / MANIFEST).read_bytes()
    report.manifest_sha256 = hashlib.sha256(raw).hexdigest()
    if noted_sha256 and noted_sha256 != report.manifest_sha256:
        report.wrong.append((MANIFEST, "it is not the one whose SHA-256 was given"))
    try:
        text = raw.decode()
        report.about = json.loads(text, object_pairs_hook=_must_be_unique)
        if report.about["format"] not in layout.UNLISTED:
            raise ValueError("another format")
        expected = layout.attestation_text(text).encode()
        _check_files(report, present)
        if not report.is_first_format:
            _check_sums(report, present, text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        report.wrong.append((MANIFEST, "it is not the manifest of a review packet"))
        return report
    if expected != (found := (folder / ATTESTATION).read_bytes()):
        if report.manifest_sha256.encode() not in found:
            report.wrong.append((MANIFEST, f"it is not the manifest that {ATTESTATION} names"))
        report.wrong.append((ATTESTATION, f"it is not the attestation that {MANIFEST} leads to"))
    if allowed_signers and (report.is_first_format or SUMS in present):
        report.signed_by, why = verify_signature(folder, allowed_signers)
        if why:
            report.wrong.append((SIGNATURE, why))
    return report


def _check_sums(report: PacketReport, present: set[str], manifest: str) -> None:
    """Check that SHA256SUMS says of every file what the manifest says of it."""
    report.is_signed = SIGNATURE in present
    if SUMS not in present:
        report.wrong.append((SUMS, "it is missing"))
        return
    found = layout.attestation_text(manifest)
    expected = layout.sums_text(report.about["files"], manifest, found)
    if expected.encode() != (report.folder / SUMS).read_bytes():
        report.wrong.append((SUMS, f"it does not have the digests that {MANIFEST} has"))


def _list_files(report: PacketReport) -> set[str]:
    """Return the names of all files, with `/`. Report links, pipes and empty folders as wrong."""
    found = set()
    for home, folders, files in os.walk(report.folder, onerror=_raise):
        for name in (*folders, *files):
            path = Path(home) / name
            relative = path.relative_to(report.folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                found.add(relative)
            elif not stat.S_ISDIR(mode):
                kind = "a link" if stat.S_ISLNK(mode) else "no file"
                report.wrong.append((relative, f"it is {kind}, and a packet has only files"))
            elif not any(path.iterdir()):
                report.wrong.append((relative, "it is an empty folder, and a packet has none"))
    return found


def _raise(error: OSError) -> None:
    raise error


def _check_files(report: PacketReport, present: set[str]) -> None:
    """Compare every file with its entry of the manifest: none may be missing, extra or changed."""
    if len(report.listed) != len(report.about["files"]):
        raise ValueError("a file is listed twice")
    unlisted = {*layout.UNLISTED[report.about["format"]]}
    if both := unlisted & report.listed.keys():
        raise ValueError(f"{both} cannot be listed")
    for name in sorted(present - report.listed.keys() - unlisted):
        report.wrong.append((name, f"{MANIFEST} does not list it"))
    sound = set()
    for name, entry in report.listed.items():
        if name not in present:
            report.wrong.append((name, "it is missing"))
            continue
        with (report.folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != entry["sha256"]:
            report.wrong.append((name, "its SHA-256 is not the one in the manifest"))
        else:
            sound.add(name)
    if sound == report.listed.keys():  # the rows of changed files would only add noise
        reviewers = _check_population(report)
        _check_reviewer_files(report, reviewers)
        if report.about["status"] == "closed":
            _check_decisions(report, {*reviewers})
            if not report.is_first_format:
                _check_returned(report)


def _check_population(report: PacketReport) -> dict[str, str]:
    """Compare the counts of items, exclusions and findings; return the reviewer of each item."""
    counts = report.about["counts"]
    reviewers: dict[str, str] = {}
    by: dict[str, Counter[str]] = {
        name: Counter() for name in ("source_name", "reviewer_rule", "reviewer_conflict")
    }
    for row in report.read_rows("population.csv"):
        reviewers[row["item_id"]] = row["reviewer"]
        for column, counter in by.items():
            counter[row[column]] += 1
    del by["reviewer_conflict"][""]
    for what, found in (
        ("items", len(reviewers)),
        ("items_by_source", by["source_name"]),
        ("items_by_rule", by["reviewer_rule"]),
        ("conflicts", by["reviewer_conflict"]),
    ):
        report.compare("population.csv", what, counts[what], found)
    kinds = Counter(row["kind"] for row in report.read_rows("exclusions.csv"))
    report.compare("exclusions.csv", "excluded", counts["excluded"], kinds)
    findings = sum(1 for _ in report.read_rows("findings.csv"))
    report.compare("findings.csv", "findings", counts["findings"], findings)
    return reviewers


def _check_reviewer_files(report: PacketReport, reviewers: dict[str, str]) -> None:
    """Check that each item is in the files of its reviewer, and of nobody else."""
    asked: Counter[str] = Counter()
    for one in report.about["reviewers"]:
        for name in one["files"]:
            report.compare(name, "rows", one["items"], report.listed[name]["rows"])
            if name.endswith(".csv"):
                rows = [(row["item_id"], row["reviewer"]) for row in report.read_rows(name)]
                foreign = [item for item, mail in rows if reviewers.get(item) != mail]
                report.compare(name, "items of somebody else", 0, len(foreign))
                asked.update(item for item, _ in rows)
    report.compare(
        "population.csv",
        "items that one reviewer is asked",
        len(reviewers),
        sum(number == 1 for number in asked.values()),
    )


def _check_decisions(report: PacketReport, items: set[str]) -> None:
    """Compare the counts of current decisions; each item has one of them or is undecided."""
    counts = report.about["counts"]
    current = [row for row in report.read_rows("decisions.csv") if row["is_current"] != "false"]
    decisions = Counter(row["decision"] for row in current)
    report.compare("decisions.csv", "undecided", counts["undecided"], decisions.pop("undecided", 0))
    report.compare("decisions.csv", "decisions", counts["decisions"], decisions)
    decided = Counter(row["item_id"] for row in current)
    report.compare(
        "decisions.csv",
        "items with one decision or none",
        len(items),
        sum(number == 1 and item in items for item, number in decided.items()),
    )


def _check_returned(report: PacketReport) -> None:
    """Check that every import has the file that came back, or that the manifest says it is missing;
    and that nothing else is in `returned/`."""
    digests = {
        entry["sha256"] for name, entry in report.listed.items() if name.startswith("returned/")
    }
    imported = {row["file_sha256"] for row in report.read_rows("imports.csv")}
    about = report.about["returned"]
    report.compare("imports.csv", "files that came back", about["kept"], len(digests & imported))
    report.compare(
        "imports.csv", "files that are missing", len(about["missing"]), len(imported - digests)
    )
    report.compare("imports.csv", "files of no import", 0, len(digests - imported))


def _must_be_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; raise ValueError for a repeated name, which would say two things."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is repeated")
    return made
