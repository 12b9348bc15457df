"""The audit log: what was planned and done to other systems, each record chained to the one before.

`audit.jsonl` in the folder of changes is only ever appended to. A record holds the hash of its
predecessor, so one that is edited, dropped, moved or put in breaks the chain there. The hash of the
last record, the head, is written to other places as well (`audit.head`, the journals, the output of
a run, change_plans in the warehouse): a log that was cut lacks a head that one of them knows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines
from pipelines.files.json_lines import Record

FIRST = "0" * 64  # what the first record has for a predecessor
FIELDS = {"seq", "time", "actor", "plan_digest", "change_id", "event", "facts", "previous", "hash"}
MEND = "keep the file as it is for whoever investigates; restore it from a backup elsewhere"


@dataclass
class Report:
    """What a look through the log found. `wrong` is empty if every record and head is there."""

    records: int = 0
    head: str = FIRST
    heads_checked: int = 0
    wrong: list[str] = field(default_factory=list)


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    parser = verb("audit", run, "check the log of what was done to other systems")
    parser.add_argument("what", choices=["verify"], help="that no record was changed or is missing")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="HASH",
        help="a head that was written down before: it must be in the log",
    )


def run(arguments: argparse.Namespace) -> int:
    from pipelines.write_back import collect

    folder = collect.folder()
    for head in arguments.head:
        if not re.fullmatch("[0-9a-f]{64}", head):
            raise Misconfigured("--head", "it is not a hash", "give all its 64 characters")
    report = verify(folder, {f"--head {head[:12]}…": head for head in arguments.head})
    if report.wrong:
        more = f" ({len(report.wrong) - 1} more)" if len(report.wrong) > 1 else ""
        raise Refused(f"audit: {folder / 'audit.jsonl'}", report.wrong[0] + more, MEND)
    if arguments.json:
        document = {"code": 0, "records": report.records, "head": report.head}
        print(json.dumps(document | {"heads_checked": report.heads_checked}, indent=2))
    else:
        print(f"{report.records} records, every one as it was written · head {report.head}")
    return 0


class Log:
    """The audit log of one folder, as one actor writes it."""

    def __init__(self, folder: Path, actor: str) -> None:
        self.path, self.actor, self.head = folder / "audit.jsonl", actor, FIRST

    def write(self, event: str, digest: str = "", change_id: str = "", **facts: Any) -> str:
        """Add a record; it is on disk when this returns its hash. Raises Refused where the last
        record is not what somebody wrote, so that nothing goes on behind a broken chain."""

        def after(line: bytes) -> Record:
            before = json_lines.parsed(line) if line else {"seq": 0, "hash": FIRST}
            if before is None or (line and before.get("hash") != hash_of(before)):
                raise Refused(str(self.path), "its last record was changed", MEND)
            if _written_head(self.path.parent).get("seq", 0) > before["seq"]:
                raise Refused(str(self.path), "records at its end are missing", MEND)
            record = {
                "seq": before["seq"] + 1,
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
                "actor": self.actor,
                "plan_digest": digest,
                "change_id": change_id,
                "event": event,
                "facts": facts,
                "previous": before["hash"],
            }
            record["hash"] = hash_of(record)
            return record

        record = json_lines.append(self.path, after)
        self.head = record["hash"]
        head = {"seq": record["seq"], "hash": self.head}
        json_lines.replace(self.path.with_suffix(".head"), json_lines.canonical(head))
        return self.head


def hash_of(record: Record) -> str:
    """SHA-256 of a record's canonical JSON without its own hash."""
    bare = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(json_lines.canonical(bare)).hexdigest()


def verify(folder: Path, heads: dict[str, str] | None = None) -> Report:
    """Look at every record, and for every head that is known: those given (by where they come
    from), that of `audit.head`, of the journals and of the warehouse. Raises Misconfigured where
    nothing was ever written."""
    known = _heads(folder) | (heads or {})
    path = folder / "audit.jsonl"
    if not path.exists() and not known:
        raise Misconfigured(str(path), "there is no audit log yet", "it begins with the first plan")
    report = Report(heads_checked=len(known))
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    if lines[-1]:
        report.wrong.append(f"its last record is cut off after {len(lines[-1])} bytes")
    seen = {FIRST}
    for number, line in enumerate(lines[:-1], 1):
        report.records = number
        record = json_lines.parsed(line)
        if record is None or {*record} != FIELDS or record["hash"] != hash_of(record):
            report.wrong.append(f"record {number} was changed")
            report.head = str(record.get("hash")) if record else ""
        elif record["previous"] != report.head or record["seq"] != number:
            report.wrong.append(f"record {number} does not follow the one before it")
        if record:
            report.head = str(record.get("hash"))
            seen.add(report.head)
    for where, head in known.items():
        if head not in seen:
            report.wrong.append(f"the record that {where} names is missing: the log was cut")
    return report


def _heads(folder: Path) -> dict[str, str]:
    """The heads that were written down elsewhere, by where."""
    from pipelines import settings
    from pipelines.export.folder import opened

    found = {}
    if head := _written_head(folder):
        found["audit.head"] = str(head.get("hash"))
    for journal in sorted(folder.glob("*.journal.jsonl")):
        for record in json_lines.read(journal):
            if record.get("audit_head"):
                found[journal.name] = record["audit_head"]
    from pipelines.write_back import collect

    if settings.warehouse().exists():
        with opened(settings.warehouse()) as warehouse:
            for digest, named in collect.heads(warehouse):
                found[f"the warehouse (plan {digest[:8]})"] = named
    return found


def _written_head(folder: Path) -> Record:
    """What `audit.head` says; empty if there is none. Raises Refused."""
    path = folder / "audit.head"
    found = json_lines.read(path)
    if len(found) > 1 or (found and not isinstance(found[0].get("seq"), int)):
        raise Refused(str(path), "it was edited", MEND)
    return found[0] if found else {}
