"""The end of a campaign: its progress, closing it, and a packet that nobody can alter."""

from __future__ import annotations

import csv
import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.failures import Refused
from pipelines.review import closing
from tests.review.test_review import DEFINITION, changed, table
from tests.support.product import Rollcall

SEAL = {"REVIEW__SEAL_KEY": "0123456789abcdef"}


@pytest.fixture
def q4(rollcall: Rollcall, sent: Path) -> Rollcall:
    """Return an open campaign without decisions."""
    shutil.copytree(sent, rollcall.home, dirs_exist_ok=True)
    return replace(rollcall, environment=rollcall.environment | SEAL)


@pytest.fixture
def packet(sent: Path) -> Path:
    return sent / "data" / "reviews" / "q4" / "opened"


@pytest.fixture
def touched(packet: Path, tmp_path: Path) -> Path:
    """Return a copy of the packet for a test to alter."""
    return Path(shutil.copytree(packet, tmp_path / "packet"))


def decided(rollcall: Rollcall, decision: str, which: str = "true") -> None:
    """Import decisions of some reviewers on some of their items."""
    changed(
        rollcall,
        "insert into review_decisions by name select campaign, item_id, 'import-1' as import_id,"
        f" '{decision}' as decision, '=why' as comment, reviewer as decided_by,"
        " '2026-01-02 03:04:05Z'::timestamptz as decided_at, 2 as row_number, true as is_current,"
        f" grant_id from review_items where {which}",
    )


JOAN = "reviewer like 'joan.diaz@%'"


# ---- progress


def test_status_shows_progress_and_the_next_step(q4):
    """`review status` shows how much each reviewer has decided, and the next step."""
    decided(q4, "keep", f"{JOAN} and is_direct")
    decided(q4, "unsure", f"{JOAN} and not is_direct")
    (q4.home / "reviews" / "q5.toml").write_text(DEFINITION, encoding="utf-8")
    (q4.home / "reviews" / "q7.toml").write_text("title = 1", encoding="utf-8")

    told = q4.run("review", "status", "q4")
    [state] = q4.run("review", "status", "q4", "--json").document["campaigns"]
    listed = q4.run("review", "list", "--json").document["campaigns"]

    [joan] = [one for one in state["reviewers"] if one["reviewer"].startswith("joan.diaz@")]
    [counted] = q4.rows(
        "select count(*) as items, count(*) filter (is_direct) as decided,"
        f" count(*) filter (not is_direct) as unsettled from review_items where {JOAN}"
    )
    assert counted == {name: joan[name] for name in counted} and joan["undecided"] == 0
    assert state["items"] == sum(one["items"] for one in state["reviewers"])
    assert state["undecided"] == state["items"] - joan["items"]
    assert state["next"] == "rollcall review import q4 FILE…"
    assert f"{joan['decided']} of {joan['items']} decided" in told.out
    assert "days left" in told.out and "next: rollcall review import" in told.out
    assert [("q4", "open"), ("q5", "not opened"), ("q7", "unreadable")] == [
        (one["campaign"], one["status"]) for one in listed
    ]
    assert 2 == q4.run("review", "status", "q6").code
    assert 2 == q4.run("review", "close", "q5").code
    assert 2 == q4.run("review", "status", "q7").code
    assert "unknown" in q4.run("review", "list").out


# ---- closing


def test_undecided_items_keep_a_campaign_open(q4):
    """A campaign with undecided items closes only with --undecided."""
    decided(q4, "keep", f"{JOAN} and is_direct")
    decided(q4, "not_mine", f"{JOAN} and not is_direct")

    refused = q4.run("review", "close", "q4")
    closed = q4.run("review", "close", "q4", "--undecided", "--json", REVIEW__ACTOR="ines@example")

    assert (5, True) == (refused.code, "--undecided" in refused.err)
    assert "@" not in refused.err
    assert 0 == closed.code, closed.err
    folder = Path(closed.document["folder"])
    rows = table(q4.home / folder / "decisions.csv")
    kept = {*q4.column(f"select item_id from review_items where {JOAN} and is_direct")}
    unsettled = {*q4.column(f"select item_id from review_items where {JOAN} and not is_direct")}
    assert kept == {row["item_id"] for row in rows if row["decision"] == "keep"}
    assert unsettled == {row["item_id"] for row in rows if row["decision"] == "not_mine"}
    undecided = {row["item_id"] for row in rows if row["decision"] == "undecided"}
    assert {*q4.column("select item_id from review_items")} == kept | unsettled | undecided
    assert {"'=why", ""} == {row["comment"] for row in rows}
    [campaign] = q4.rows("from review_campaigns")
    actor = f"ines@example ({getpass.getuser()}@{socket.gethostname()})"
    assert ("closed", actor) == (campaign["status"], campaign["closed_by"])
    text = (q4.home / folder / "attestation.txt").read_text()
    assert f"{len(kept)} of {len(rows)}" in text and "none of them is an approval" in text
    sums = q4.column("select manifest_sha256 from review_packets where status = 'closed'")
    assert [closed.document["manifest_sha256"]] == sums


def test_a_closed_campaign_gives_the_same_packet_again(q4, monkeypatch):
    """A closed campaign gives the same packet again; new facts give a new packet beside it.

    Of two commands that find a campaign open, the second changes nothing.
    """
    opened = q4.run("review", "open", "q4", "--json").document
    decided(q4, "revoke")
    first = q4.run("review", "close", "q4", "--json")
    again = q4.run("review", "close", "q4", "--json")
    wanted = table(q4.home / first.document["folder"] / "remediations.csv")
    assert {*q4.column("select item_id from review_items")} == {row["item_id"] for row in wanted}
    (q4.home / first.document["folder"] / "imports.csv").unlink()
    third = q4.run("review", "close", "q4", "--json")

    assert 0 == first.code == again.code == third.code
    assert first.document == again.document
    assert first.document["folder"] + "-2" == third.document["folder"]
    manifest = json.loads((q4.home / third.document["folder"] / "manifest.json").read_text())
    noted = {"folder": "closed", "manifest_sha256": first.document["manifest_sha256"]}
    assert noted == manifest["continues"]
    assert third.document == q4.run("review", "close", "q4", "--json").document
    assert opened == q4.run("review", "open", "q4", "--json").document
    [state] = q4.run("review", "status", "q4", "--json").document["campaigns"]
    assert ("closed", "rollcall plan") == (state["status"], state["next"])
    verified = q4.run("review", "verify", third.document["folder"])
    assert 0 == verified.code, verified.err
    before = q4.rows("from review_campaigns")
    monkeypatch.setenv("REVIEW__SEAL_KEY", SEAL["REVIEW__SEAL_KEY"])
    with pytest.raises(Refused, match="another process"):
        closing.close_campaign(q4.warehouse, "q4", True, q4.home / "elsewhere")
    assert before == q4.rows("from review_campaigns")


# ---- a packet, verified by others


def test_a_packet_is_verified_with_nothing_but_the_packet(packet, tmp_path):
    """A packet is verified without a warehouse, settings or heavy libraries."""
    program = (
        "import sys; from pipelines.__main__ import main\n"
        "try: main()\n"
        "finally: print([m for m in ('dlt', 'dbt', 'duckdb', 'openpyxl') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "review", "verify", str(packet)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )

    assert 0 == ended.returncode, ended.stderr
    assert "[]" == ended.stdout.splitlines()[-1]
    assert "Somebody who rewrites every file can make it agree" in ended.stdout


def test_a_changed_byte_fails_and_names_the_file(rollcall, touched):
    """One changed byte in any file fails the verification, which names the file."""
    files = [path for path in touched.rglob("*") if path.is_file()]
    assert {"population.csv", "manifest.json", "attestation.txt", "SHA256SUMS"} < {
        path.name for path in files
    }
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            ended = rollcall.run("review", "verify", str(touched))
            assert (5, True) == (ended.code, path.name in ended.err), (path, place, ended.err)
        path.write_bytes(whole + b"\n")
        assert path.name in rollcall.run("review", "verify", str(touched)).err
        path.unlink()
        gone = rollcall.run("review", "verify", str(touched), "--json")
        assert (5, True) == (gone.code, path.name in gone.out)
        path.write_bytes(whole)
    assert 0 == rollcall.run("review", "verify", str(touched)).code


def test_what_does_not_belong_to_a_packet_is_named(rollcall, touched, tmp_path):
    """An extra, missing or replaced file is named."""

    def wrong() -> str:
        ended = rollcall.run("review", "verify", str(touched))
        assert 5 == ended.code
        return ended.err

    (touched / "reviewers" / "extra.csv").write_text("x")
    assert "reviewers/extra.csv: manifest.json does not list it" in wrong()
    (touched / "reviewers" / "extra.csv").unlink()
    (touched / "more").mkdir()
    assert "more: it is an empty folder" in wrong()
    (touched / "more").rmdir()
    (touched / "population.csv").rename(tmp_path / "elsewhere.csv")
    (touched / "population.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert "population.csv: it is a link" in wrong()
    (touched / "population.csv").unlink()
    os.mkfifo(touched / "population.csv")
    assert "population.csv: it is no file" in wrong()


def rewritten(folder: Path) -> None:
    """Alter files, and make manifest and attestation match."""
    program = (
        "import hashlib, json, pathlib, sys; from pipelines.review.packet import layout\n"
        "folder = pathlib.Path(sys.argv[1]); path = folder / 'manifest.json'\n"
        "about = json.loads(path.read_text())\n"
        "for entry in about['files']: entry['sha256'] ="
        " hashlib.sha256((folder / entry['name']).read_bytes()).hexdigest()\n"
        "text = json.dumps(about, indent=2, ensure_ascii=False) + '\\n'\n"
        "path.write_text(text)\n"
        "signed = layout.attestation_text(text)\n"
        "(folder / 'attestation.txt').write_text(signed)\n"
        "(folder / 'SHA256SUMS').write_text(layout.sums_text(about['files'], text, signed))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True)


def test_wrong_counts_and_a_wrong_digest_are_found(rollcall, touched):
    """Wrong counts are found even with matching digests; the recorded digest reveals the rest."""
    kept = json.loads(rollcall.run("review", "verify", str(touched), "--json").out)
    digest = kept["manifest_sha256"]
    lines = (touched / "exclusions.csv").read_bytes().splitlines(keepends=True)
    (touched / "exclusions.csv").write_bytes(b"".join(lines[:-1]))
    rewritten(touched)
    fewer = rollcall.run("review", "verify", str(touched))
    (touched / "exclusions.csv").write_bytes(b"".join(lines))
    with (touched / "population.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    last = rows[0].index("full_name")
    rows[1][last] = "Somebody Else"
    with (touched / "population.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\r\n").writerows(rows)
    rewritten(touched)

    alone = rollcall.run("review", "verify", str(touched))
    held = rollcall.run("review", "verify", str(touched), "--manifest-sha256", digest)

    assert (5, True) == (fewer.code, "exclusions.csv: rows" in fewer.err), fewer.err
    assert (0, True) == (alone.code, "Somebody who rewrites every file" in alone.out)
    assert (5, True) == (held.code, "manifest.json: it is not the one" in held.err)
    assert 2 == rollcall.run("review", "verify", str(touched), "--manifest-sha256", "abc").code
    assert 2 == rollcall.run("review", "verify", str(touched / "nothing")).code


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "{" * 20000, '{"format": "x", "format": "y"}', "\xff", "nul\x00"]
)
def test_a_manifest_that_is_none_is_no_packet(rollcall, touched, text):
    """A packet with an invalid manifest is refused."""
    (touched / "manifest.json").write_text(text, encoding="latin-1")

    ended = rollcall.run("review", "verify", str(touched))

    assert (5, True) == (ended.code, "manifest.json: it is not" in ended.err)
