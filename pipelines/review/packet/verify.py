"""Whether a review packet is as it was written, from the packet alone: no warehouse, no key.

Every file is compared with the manifest, the manifest with the attestation, and what the manifest
counts with what the files hold. Whoever can rewrite all of them can make them agree again: only a
digest of the manifest that was kept elsewhere tells that.
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
from pathlib import Path
from typing import Any

from pipelines.failures import Misconfigured
from pipelines.review.packet import attestation

PACKET_FORMAT = "rollcall review packet 1"
MANIFEST, ATTESTATION = "manifest.json", "attestation.txt"
DIGEST = re.compile(r"[0-9a-f]{64}")
csv.field_size_limit(2**31 - 1)


@dataclass
class PacketReport:
    """What was found: `wrong` has a file's name and what is wrong with it."""

    folder: Path
    manifest_sha256: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    files: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)


def verify_packet(folder: Path, kept: str = "") -> PacketReport:
    """Look at everything in the folder; `kept` is the manifest's digest as somebody noted it down.
    Raises Misconfigured where there is no folder, or that is no digest."""
    kept = kept.strip().lower()
    if kept and not DIGEST.fullmatch(kept):
        raise Misconfigured(
            "--manifest-sha256", "it is not 64 hex digits", "copy it from where it was noted"
        )
    if not folder.is_dir():
        raise Misconfigured(str(folder), "there is no such folder", "name the packet's folder")
    report = PacketReport(folder)
    there = _inside(folder, report)
    report.files = len(there)
    for name in (MANIFEST, ATTESTATION):
        if name not in there:
            report.wrong.append((name, "it is missing"))
            return report
    raw = (folder / MANIFEST).read_bytes()
    report.manifest_sha256 = hashlib.sha256(raw).hexdigest()
    if kept and kept != report.manifest_sha256:
        report.wrong.append((MANIFEST, "it is not the one whose SHA-256 was given"))
    try:
        text = raw.decode()
        report.about = json.loads(text, object_pairs_hook=_each_once)
        if report.about["format"] != PACKET_FORMAT:
            raise ValueError("another format")
        attested = attestation.attestation_text(text).encode()
        _compare(folder, there, report)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        report.wrong.append((MANIFEST, "it is not the manifest of a review packet"))
        return report
    if attested != (found := (folder / ATTESTATION).read_bytes()):
        if report.manifest_sha256.encode() not in found:
            report.wrong.append((MANIFEST, f"it is not the manifest that {ATTESTATION} names"))
        report.wrong.append((ATTESTATION, f"it is not what follows from {MANIFEST}"))
    return report


def _inside(folder: Path, report: PacketReport) -> set[str]:
    """The names of all files, with `/`. Links, pipes and empty folders are wrong by themselves."""
    found = set()
    for home, folders, files in os.walk(folder, onerror=_unreadable):
        for name in (*folders, *files):
            path = Path(home) / name
            relative = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                found.add(relative)
            elif not stat.S_ISDIR(mode):
                kind = "a link" if stat.S_ISLNK(mode) else "no file"
                report.wrong.append((relative, f"it is {kind}, and a packet has only files"))
            elif not any(path.iterdir()):
                report.wrong.append((relative, "it is a folder that the packet does not have"))
    return found


def _unreadable(error: OSError) -> None:
    raise error


def _compare(folder: Path, there: set[str], report: PacketReport) -> None:
    """Every file with its entry of the manifest, and both ways: none is missing, none is extra."""
    listed = {entry["name"]: entry for entry in report.about["files"]}
    if len(listed) != len(report.about["files"]):
        raise ValueError("a file is listed twice")
    for name in sorted(there - listed.keys() - {MANIFEST, ATTESTATION}):
        report.wrong.append((name, f"{MANIFEST} does not list it"))
    sound = set()
    for name, entry in listed.items():
        if name not in there:
            report.wrong.append((name, "it is missing"))
            continue
        with (folder / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != entry["sha256"]:
            report.wrong.append((name, "its bytes are not those that the manifest's SHA-256 is of"))
        else:
            sound.add(name)
    if sound == listed.keys():  # what is not as it was written need not be counted
        _count(folder, listed, report)


def _count(folder: Path, listed: dict[str, dict[str, Any]], report: PacketReport) -> None:
    """What the manifest says of the files' rows, and what they hold."""
    counts = report.about["counts"]

    def same(name: str, what: str, said: object, found: object) -> None:
        if said != found:
            report.wrong.append((name, f"{what}: {said} by the manifest, {found} in the files"))

    def lines(name: str) -> Iterator[dict[str, str]]:
        number = 0
        with (folder / name).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            same(name, "columns", listed[name]["columns"], reader.fieldnames)
            for line in reader:
                number += 1
                if None in line or None in line.values():
                    raise ValueError("a row has not as many cells as the header")
                yield line
        same(name, "rows", listed[name]["rows"], number)

    reviewers: dict[str, str] = {}
    by: dict[str, Counter[str]] = {
        name: Counter() for name in ("source_name", "reviewer_rule", "reviewer_conflict")
    }
    for line in lines("population.csv"):
        reviewers[line["item_id"]] = line["reviewer"]
        for column, counter in by.items():
            counter[line[column]] += 1
    del by["reviewer_conflict"][""]
    same("population.csv", "items", counts["items"], len(reviewers))
    same("population.csv", "items_by_source", counts["items_by_source"], by["source_name"])
    same("population.csv", "items_by_rule", counts["items_by_rule"], by["reviewer_rule"])
    same("population.csv", "conflicts", counts["conflicts"], by["reviewer_conflict"])
    kinds = Counter(line["kind"] for line in lines("exclusions.csv"))
    same("exclusions.csv", "excluded", counts["excluded"], kinds)
    found = sum(1 for _ in lines("findings.csv"))
    same("findings.csv", "findings", counts["findings"], found)
    asked: Counter[str] = Counter()
    for one in report.about["reviewers"]:
        for name in one["files"]:
            same(name, "rows", one["items"], listed[name]["rows"])
            if name.endswith(".csv"):
                theirs = [(line["item_id"], line["reviewer"]) for line in lines(name)]
                strangers = [item for item, who in theirs if reviewers.get(item) != who]
                same(name, "items of somebody else", 0, len(strangers))
                asked.update(item for item, _ in theirs)
    same(
        "population.csv",
        "items that one reviewer is asked",
        len(reviewers),
        sum(number == 1 for number in asked.values()),
    )
    if report.about["status"] == "closed":
        current = [line for line in lines("decisions.csv") if line["is_current"] != "false"]
        said = Counter(line["decision"] for line in current)
        same("decisions.csv", "undecided", counts["undecided"], said.pop("undecided", 0))
        same("decisions.csv", "decisions", counts["decisions"], said)
        items = Counter(line["item_id"] for line in current)
        same(
            "decisions.csv",
            "items with one decision or none",
            len(reviewers),
            sum(number == 1 and item in reviewers for item, number in items.items()),
        )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that is there twice would say two things."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is there twice")
    return made
