"""Every change of the audit log is found.

A record may be edited, removed, moved or inserted, or the end may be cut off.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from pipelines.failures import Refused
from pipelines.files import json_lines
from pipelines.monitoring import notify
from pipelines.write_back import audit_log, collect
from tests.support.applying import applied
from tests.support.wanted import busy, may_write, wants
from tests.write_back.test_plan import planned

RECORDS = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a log of one plan, at the place where the settings look for it."""
    folder = tmp_path / "data" / "changes"
    folder.mkdir(parents=True)
    log = audit_log.Log(folder, "kim@host")
    log.write("plan_made", "d" * 64, changes=5)
    for number in range(RECORDS - 2):
        log.write("intent", "d" * 64, f"revoke:{number}", account="pingone:user:ü")
    log.write("apply_ended", "d" * 64)
    return folder


def lines(folder: Path) -> list[bytes]:
    return (folder / "audit.jsonl").read_bytes().splitlines(keepends=True)


def edited(folder: Path) -> list[tuple[str, list[bytes]]]:
    """Return every alteration of one record of the log."""
    whole = lines(folder)
    found = []
    for at, line in enumerate(whole):
        rest = [*whole[:at], *whole[at + 1 :]]
        record = json.loads(line)
        for name in record:
            other = {**record, name: "x" if isinstance(record[name], str) else 99}
            found.append(
                (f"{name} of {at}", [*whole[:at], json_lines.to_canonical(other), *whole[at + 1 :]])
            )
            rehashed = {**other, "hash": audit_log.hash_of(other)}
            if name not in ("hash",):
                forged = [*whole[:at], json_lines.to_canonical(rehashed), *whole[at + 1 :]]
                found.append((f"{name} of {at}, with its hash", forged))
        missing = {key: value for key, value in record.items() if key != "facts"}
        found.append(
            (f"less in {at}", [*whole[:at], json_lines.to_canonical(missing), *whole[at + 1 :]])
        )
        found.append((f"blank in {at}", [*whole[:at], b" " + line, *whole[at + 1 :]]))
        found.append((f"{at} dropped", rest))
        found.append((f"{at} twice", [*whole[:at], line, *whole[at:]]))
        found.append((f"cut before {at}", whole[:at]))
        found.append((f"cut within {at}", [*whole[:at], line[: len(line) // 2]]))
        found.append((f"cut at the newline of {at}", [*whole[:at], line[:-1]]))
        for to in range(at):
            swapped = [*whole]
            swapped[at], swapped[to] = swapped[to], swapped[at]
            found.append((f"{at} and {to} swapped", swapped))
        byte = random.Random(at).randrange(len(line) - 1)
        flipped = line[:byte] + bytes([line[byte] ^ 1]) + line[byte + 1 :]
        found.append((f"bit {byte} of {at}", [*whole[:at], flipped, *whole[at + 1 :]]))
    return found


def test_a_log_as_it_was_written_is_believed(folder: Path, rollcall):
    """An unaltered log is valid, and only its own head is accepted."""
    result = rollcall.run("audit", "verify", "--json")

    assert (0, RECORDS) == (result.code, result.document["records"])
    head = result.document["head"]
    assert 0 == rollcall.run("audit", "verify", "--head", head).code
    assert 5 == rollcall.run("audit", "verify", "--head", "0" * 63 + "1").code
    assert 2 == rollcall.run("audit", "verify", "--head", head[:8]).code


def test_every_change_of_one_record_is_found(folder: Path):
    """Every alteration of one record is found."""
    changes = edited(folder)
    assert len(changes) > 300
    for name, content in changes:
        (folder / "audit.jsonl").write_bytes(b"".join(content))
        assert audit_log.verify_log(folder).wrong, name


def test_a_cut_log_is_found_without_its_own_head(folder: Path):
    """A truncated log is found even without `audit.head`: the journals know the head too."""
    head = json.loads(lines(folder)[-1])["hash"]
    journal = folder / f"{'d' * 64}.journal.jsonl"
    json_lines.append_record(journal, lambda _: {"event": "ended", "audit_head": head})
    (folder / "audit.jsonl").write_bytes(b"".join(lines(folder)[:-1]))
    (folder / "audit.head").unlink()

    assert audit_log.verify_log(folder).wrong


@pytest.mark.parametrize("left", [RECORDS - 1, 0])
def test_nothing_is_written_behind_a_log_that_was_cut(folder: Path, left: int):
    """Nothing is appended to a truncated log."""
    (folder / "audit.jsonl").write_bytes(b"".join(lines(folder)[:left]))

    with pytest.raises(Refused, match="missing"):
        audit_log.Log(folder, "kim@host").write("plan_made")


def test_a_writer_that_died_leaves_a_log_that_goes_on(folder: Path):
    """A writer that died in the middle of a record leaves a log that can be continued.

    The change that the unfinished record announced had not begun.
    """
    with (folder / "audit.jsonl").open("ab") as file:
        file.write(b'{"actor":"kim')
    assert ["the last record is cut off after 13 bytes"] == audit_log.verify_log(folder).wrong

    audit_log.Log(folder, "kim@host").write("plan_made")

    report = audit_log.verify_log(folder)
    assert (RECORDS + 1, []) == (report.records, report.wrong)


def test_an_edited_log_is_told_with_its_record(folder: Path, rollcall):
    """An altered log is reported with the number of its record."""
    content = (folder / "audit.jsonl").read_bytes()
    (folder / "audit.jsonl").write_bytes(content.replace(b"revoke:3", b"revoke:4"))

    result = rollcall.run("audit", "verify")

    assert 5 == result.code and "record 5 was edited" in result.err
    assert 0o600 == (folder / "audit.jsonl").stat().st_mode & 0o777


def rewritten(folder: Path) -> None:
    """Rewrite the log with another actor, as anybody with access to its folder could."""
    records = [json.loads(line) for line in lines(folder)]
    (folder / "audit.jsonl").unlink()
    (folder / "audit.head").unlink()
    for record in records:
        log = audit_log.Log(folder, "mallory@host")
        log.write(record["event"], record["plan_digest"], record["change_id"], **record["facts"])


def test_verifying_says_what_it_does_not_prove(folder: Path, rollcall):
    """A wholly rewritten log is consistent, and `audit verify` says that it cannot tell."""
    head = rollcall.run("audit", "verify", "--json").document["head"]
    rewritten(folder)
    result = rollcall.run("audit", "verify")

    assert 0 == result.code and "can write all of them anew" in result.out
    result = rollcall.run("audit", "verify", "--head", head)
    assert 5 == result.code and "written anew" in result.err
    (folder / "audit.head").unlink()
    result = rollcall.run("audit", "verify")
    assert 5 == result.code and "audit.head is missing" in result.err
    with pytest.raises(Refused, match=r"audit\.head is missing"):
        audit_log.Log(folder, "kim@host").write("plan_made")


def test_a_head_that_the_warehouse_noted_stays_there(folder: Path, rollcall, published):
    """The warehouse keeps every head that it saw, so a rewritten log is found."""
    rollcall.has(published)
    rollcall.warehouse.chmod(0o600)
    for _ in range(2):
        assert [] == collect_journals_into(rollcall)
        rewritten(folder)
    result = rollcall.run("audit", "verify")

    assert 2 == rollcall.column("select count(*) from audit_heads")[0]
    assert 5 == result.code and "the warehouse (12 records)" in result.err


def collect_journals_into(rollcall) -> list[Refused]:
    with rollcall.patch.context() as patch:
        patch.setenv("WAREHOUSE", str(rollcall.warehouse))
        return collect.collect_journals(rollcall.warehouse)


def test_the_head_goes_out_with_the_message_of_an_apply(rollcall, published):
    """An apply's notification has the log's head, so that a copy exists elsewhere."""
    wants(may_write(rollcall.has(published)), count=1)
    said = []
    rollcall.patch.setattr(notify, "send_summary", lambda *given: said.append(given))
    with busy(rollcall):
        result = applied(rollcall, planned(rollcall))
    head = json.loads((rollcall.home / "data/changes/audit.head").read_text())["hash"]

    assert 0 == result.code, result.err
    assert f"audit head {head}" in said[-1][2] and "apply" == said[-1][0]
