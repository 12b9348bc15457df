"""The audit log: what was planned and done to other systems, each record chained to the one before.

`audit.jsonl` in the folder of changes is only ever appended to. A record holds the hash of its
predecessor, so one that is edited, dropped, moved or put in breaks the chain there. The hash of the
last record, the head, is written to other places as well (`audit.head`, the journals, the output of
a run, change_plans in the warehouse): a log that was cut lacks a head that one of them knows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines
from pipelines.files.json_lines import Record
from pipelines.warehouse.publish import open_published

FIRST_HASH = "0" * 64  # what the first record has for a predecessor


FIELDS = {"seq", "time", "actor", "plan_digest", "change_id", "event", "facts", "previous", "hash"}


NEXT_AUDIT = "keep the file as it is for whoever investigates; restore it from a backup elsewhere"


def changes_folder() -> Path:
    """Where plans, journals and the audit log are: `changes` beside the warehouse, or
    CHANGES__FOLDER."""
    default = settings.warehouse_path().parent / "changes"
    return Path(settings.read_setting("changes.folder") or default).expanduser().absolute()


@dataclass
class AuditReport:
    """What a look through the log found. `wrong` is empty if every record and head is there."""

    records: int = 0
    head: str = FIRST_HASH
    heads_checked: int = 0
    wrong: list[str] = field(default_factory=list)


class Log:
    """The audit log of one folder, as one actor writes it."""

    def __init__(self, folder: Path, actor: str) -> None:
        self.path, self.actor, self.head = folder / "audit.jsonl", actor, FIRST_HASH

    def write(self, event: str, digest: str = "", change_id: str = "", **facts: Any) -> str:
        """Add a record; it is on disk when this returns its hash. Raises Refused where the last
        record is not what somebody wrote, so that nothing goes on behind a broken chain."""

        def after(line: bytes) -> Record:
            before = json_lines.parse_record(line) if line else {"seq": 0, "hash": FIRST_HASH}
            if before is None or (line and before.get("hash") != hash_of(before)):
                raise Refused(str(self.path), "its last record was changed", NEXT_AUDIT)
            if _written_head(self.path.parent).get("seq", 0) > before["seq"]:
                raise Refused(str(self.path), "records at its end are missing", NEXT_AUDIT)
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

        record = json_lines.append_record(self.path, after)
        self.head = record["hash"]
        head = {"seq": record["seq"], "hash": self.head}
        json_lines.replace_file(self.path.with_suffix(".head"), json_lines.to_canonical(head))
        return self.head


def hash_of(record: Record) -> str:
    """SHA-256 of a record's canonical JSON without its own hash."""
    bare = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(json_lines.to_canonical(bare)).hexdigest()


def verify_log(folder: Path, heads: dict[str, str] | None = None) -> AuditReport:
    """Look at every record, and for every head that is known: those given (by where they come
    from), that of `audit.head`, of the journals and of the warehouse. Raises Misconfigured where
    nothing was ever written."""
    known = _heads(folder) | (heads or {})
    path = folder / "audit.jsonl"
    if not path.exists() and not known:
        raise Misconfigured(str(path), "there is no audit log yet", "it begins with the first plan")
    report = AuditReport(heads_checked=len(known))
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    if lines[-1]:
        report.wrong.append(f"its last record is cut off after {len(lines[-1])} bytes")
    seen = {FIRST_HASH}
    for number, line in enumerate(lines[:-1], 1):
        report.records = number
        record = json_lines.parse_record(line)
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

    found = {}
    if head := _written_head(folder):
        found["audit.head"] = str(head.get("hash"))
    for journal in sorted(folder.glob("*.journal.jsonl")):
        for record in json_lines.read_records(journal):
            if record.get("audit_head"):
                found[journal.name] = record["audit_head"]
    if settings.warehouse_path().exists():
        with open_published(settings.warehouse_path()) as warehouse:
            for digest, named in _published_heads(warehouse):
                found[f"the warehouse (plan {digest[:8]})"] = named
    return found


def _written_head(folder: Path) -> Record:
    """What `audit.head` says; empty if there is none. Raises Refused."""
    path = folder / "audit.head"
    found = json_lines.read_records(path)
    if len(found) > 1 or (found and not isinstance(found[0].get("seq"), int)):
        raise Refused(str(path), "it was edited", NEXT_AUDIT)
    return found[0] if found else {}


def _published_heads(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Digest of every plan that was applied, and the head of the audit log at that time."""
    known = warehouse.execute(
        "select count(*) from duckdb_columns()"
        " where table_name = 'change_plans' and column_name = 'audit_head'"
    ).fetchone()
    if known != (1,):
        return []
    return warehouse.execute(
        "select plan_digest, audit_head from change_plans where audit_head is not null order by 1"
    ).fetchall()
