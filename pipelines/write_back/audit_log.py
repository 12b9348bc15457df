"""The audit log: every plan and every change in other systems, each record chained to the last.

`audit.jsonl` in the folder of changes is only appended to. A record contains the hash of its
predecessor, so an edited, removed, moved or inserted record breaks the chain there. The hash of the
last record is the head. `audit.head`, the journals, the output and the message of `apply`, and
audit_heads in the warehouse have copies of it. A log that was truncated or rewritten lacks a head
that one of these copies has. Whoever can write all copies can make them agree again; only a head
that was noted elsewhere reveals that.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Misconfigured, Refused
from pipelines.files import json_lines, output
from pipelines.files.json_lines import Record
from pipelines.warehouse.publish import open_published

JOURNAL_SUFFIX = ".journal.jsonl"
FIRST_HASH = "0" * 64  # the predecessor of the first record
PUBLISHED_HEADS = {
    "change_plans": "'plan ' || left(plan_digest, 8)",
    "audit_heads": "records || ' records'",
}
FIELDS = {"seq", "time", "actor", "plan_digest", "change_id", "event", "facts", "previous", "hash"}
CUT_OFF = "the last record is cut off"
NEXT_AUDIT = "keep the file unchanged as evidence, and restore the log from a backup"


def changes_folder() -> Path:
    """Return the folder of plans, journals and the audit log.

    The folder is CHANGES__FOLDER, or else `changes` beside the warehouse.
    """
    default = settings.warehouse_path().parent / "changes"
    return Path(settings.read_setting("changes.folder") or default).expanduser().absolute()


def hold_changes(folder: Path) -> AbstractContextManager[None]:
    """Keep other pushes, plans and applies out of the folder of changes. Raises Locked."""
    return json_lines.hold_folder(folder, "push, plan or apply")


def find_journals(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{JOURNAL_SUFFIX}"))


@dataclass
class AuditReport:
    """The result of verifying a log. `wrong` is empty if every record and every head is there."""

    records: int = 0
    head: str = FIRST_HASH
    heads_checked: int = 0
    wrong: list[str] = field(default_factory=list)


class Log:
    """The audit log of one folder, written by one actor."""

    def __init__(self, folder: Path, actor: str) -> None:
        self.path, self.actor, self.head = folder / "audit.jsonl", actor, FIRST_HASH

    def write(self, event: str, digest: str = "", change_id: str = "", **facts: Any) -> Record:
        """Append a record and return it. The record is on disk when this method returns.

        Raise Refused if the end of the log was edited, so that no chain continues after a break.
        """

        def make_record(last_line: bytes) -> Record:
            last = json_lines.parse_record(last_line) if last_line else {"seq": 0}
            if last is None or (last_line and last.get("hash") != hash_of(last)):
                raise Refused(str(self.path), "the last record was edited", NEXT_AUDIT)
            if why := _find_break(read_head(self.path.parent), last):
                raise Refused(str(self.path), why, NEXT_AUDIT)
            record = {
                "seq": last["seq"] + 1,
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
                "actor": self.actor,
                "plan_digest": digest,
                "change_id": change_id,
                "event": event,
                "facts": facts,
                "previous": last.get("hash", FIRST_HASH),
            }
            return record | {"hash": hash_of(record)}

        record = json_lines.append_record(self.path, make_record)
        self.head = record["hash"]
        head = {"seq": record["seq"], "hash": self.head}
        output.replace_file(self.path.with_suffix(".head"), json_lines.to_canonical(head))
        return record


def _find_break(head: Record, last: Record) -> str:
    """Return the reason why the last record is not the one in `audit.head`; empty if it is."""
    seq = head.get("seq", 0)
    if seq > last["seq"]:
        return "records at the end are missing"
    named = {last["seq"]: last.get("hash", FIRST_HASH), last["seq"] - 1: last.get("previous")}
    if head.get("hash", FIRST_HASH) != named.get(seq):
        return "audit.head is missing, or names another record than the last one"
    return ""


def hash_of(record: Record) -> str:
    return json_lines.hash_record(record, without="hash")


def must_be_made_here(folder: Path, digest: str) -> None:
    """Raise Refused unless the log has a record that `plan` made the plan with this digest here."""
    for record in _read_log(folder):
        if (record["event"], record["plan_digest"]) == ("plan_made", digest):
            return
    why = f"the audit log in {folder} has no plan with the digest {digest}: it was not made here"
    raise Refused("plan", why, "make the plan with `rollcall plan`, where it is applied")


def must_be_logged(folder: Path, journal: Path) -> None:
    """Raise Refused unless every record of a journal is in the log, with the same content."""
    logged = {record["hash"]: record for record in _read_log(folder)}
    for number, record in enumerate(json_lines.read_records(journal), 1):
        known = logged.get(str(record.get("audit_head")), {})
        names = ("event", "plan_digest", "change_id", "facts")
        if any(record.get(name) != known.get(name) for name in names):
            why = "the audit log has no such record, so it was edited"
            raise Refused(f"{journal} line {number}", why, NEXT_AUDIT)


def read_events(folder: Path, events: tuple[str, ...]) -> list[Record]:
    """Return the records of certain events, in order. Raise Refused for one that was edited.

    Other records are not looked at, because a sync reads the log every time: `verify_log` checks
    all of them.
    """
    path, found = folder / "audit.jsonl", []
    marks = [f'"event":"{event}"'.encode() for event in events]
    for number, line in enumerate(json_lines.read_lines(path), 1):
        if not any(mark in line for mark in marks):
            continue
        record = json_lines.parse_record(line)
        if record is None or {*record} != FIELDS or record["hash"] != hash_of(record):
            raise Refused(f"{path} line {number}", "it was edited", NEXT_AUDIT)
        if record["event"] in events:
            found.append(record)
    return found


def _read_log(folder: Path) -> list[Record]:
    """Return every record of the log. Raise Refused for a record that was edited."""
    path, previous = folder / "audit.jsonl", FIRST_HASH
    records = json_lines.read_records(path)
    for number, record in enumerate(records, 1):
        if {*record} != FIELDS or record["hash"] != hash_of(record):
            raise Refused(f"{path} line {number}", "it was edited", NEXT_AUDIT)
        if record["previous"] != previous:
            raise Refused(f"{path} line {number}", "it does not follow its predecessor", NEXT_AUDIT)
        previous = record["hash"]
    return records


def verify_log(folder: Path, heads: dict[str, str] | None = None) -> AuditReport:
    """Check every record of the log, and look for every known head in it.

    The known heads are those in `heads` (by their place), in `audit.head`, in the journals and in
    the warehouse. Raise Misconfigured if nothing was ever written.
    """
    known = _find_known_heads(folder) | (heads or {})
    path = folder / "audit.jsonl"
    if not path.exists() and not known:
        raise Misconfigured(str(path), "there is no audit log yet", "the first plan creates it")
    report = AuditReport(heads_checked=len(known))
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    if lines[-1]:
        report.wrong.append(f"{CUT_OFF} after {len(lines[-1])} bytes")
    hashes = {FIRST_HASH}
    for number, line in enumerate(lines[:-1], 1):
        report.records = number
        record = json_lines.parse_record(line)
        if record is None or {*record} != FIELDS or record["hash"] != hash_of(record):
            report.wrong.append(f"record {number} was edited")
        elif record["previous"] != report.head or record["seq"] != number:
            report.wrong.append(f"record {number} does not follow the record before it")
        report.head = str(record.get("hash")) if record else ""
        hashes.add(report.head)
    if report.records and not read_head(folder):
        report.wrong.append("audit.head is missing")
    report.wrong += [
        f"the record named by {place} is missing: the log was truncated or written anew"
        for place, head in known.items()
        if head not in hashes
    ]
    return report


def _find_known_heads(folder: Path) -> dict[str, str]:
    """Return the heads that were written down outside the log, by place."""
    found = {}
    if head := read_head(folder):
        found["audit.head"] = str(head.get("hash"))
    for journal in find_journals(folder):
        for record in json_lines.read_records(journal):
            if record.get("audit_head"):
                found[journal.name] = record["audit_head"]
    if settings.warehouse_path().exists():
        with open_published(settings.warehouse_path()) as warehouse:
            for place, head in _read_published_heads(warehouse):
                found[f"the warehouse ({place})"] = head
    return found


def read_head(folder: Path) -> Record:
    """Return the content of `audit.head`; empty if there is no such file. Raise Refused."""
    path = folder / "audit.head"
    found = json_lines.read_records(path)
    if len(found) > 1 or (
        found and [type(found[0].get(name)) for name in ("seq", "hash")] != [int, str]
    ):
        raise Refused(str(path), "the file was edited", NEXT_AUDIT)
    return found[0] if found else {}


def _read_published_heads(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return every head in the warehouse with its place: of applied plans, and of `audit_heads`."""
    found = []
    for table, place in PUBLISHED_HEADS.items():
        # Warehouses of earlier versions lack the table or the column.
        known = warehouse.execute(
            "select count(*) from duckdb_columns()"
            " where table_name = ? and column_name = 'audit_head'",
            [table],
        ).fetchone()
        if known == (1,):
            found += warehouse.execute(
                f"select {place}, audit_head from {table} where audit_head is not null order by 1"
            ).fetchall()
    return found
