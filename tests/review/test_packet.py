"""A closed packet, as an external auditor checks it: with sha256sum, ssh-keygen and DuckDB."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from pipelines.failures import Refused
from pipelines.review import returned
from pipelines.review.packet import layout
from tests.review.test_review import table
from tests.review.test_review_close import rewritten
from tests.support.filled_in import came, decided
from tests.support.product import Opened, Rollcall

AGNES = "agnes@auditor.example"
EARLIER = (layout.SUMS, "calls.csv", "reviewers.csv", "population.sql")  # format 1 lacked them


def key(folder: Path, name: str, passphrase: str = "") -> Path:
    path = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", passphrase, "-C", name, "-f", str(path)],
        check=True,
    )
    return path


def signers(folder: Path, name: str, signing: Path) -> Path:
    """Write the file by which ssh-keygen knows whose signature is valid."""
    path = folder / name
    path.write_text(f"{AGNES} {signing.with_name(f'{signing.name}.pub').read_text()}")
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_auditor_checks_a_packet_with_her_own_tools(review: Rollcall, opened: Opened):
    """A closed packet has what came back, who decided, and how it was read; its holder signed it.

    A key that cannot sign closes nothing, and a returned file that was lost is named.
    """
    rows = decided(opened.rows)
    rows[0]["decision"] = "sell"  # rejected; the file is kept all the same
    bad = came(review.home, decided(opened.others[:1], "sell"), "bad.csv")
    good = came(review.home, rows, "Kim's answers (2).csv")
    other = came(review.home, decided(opened.others), "kim.csv")
    assert 5 == review.run("review", "import", "q4", bad).code
    assert 5 == review.run("review", "import", "q4", good, "--good-rows").code
    assert 0 == review.run("review", "import", "q4", other).code
    kept = returned.returned_folder(review.warehouse)
    assert {digest(Path(good)), digest(Path(other))} == {path.name for path in kept.iterdir()}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in kept.iterdir()}
    secret = key(review.home, "locked", "a passphrase")
    close = ("review", "close", "q4", "--undecided", "--json")

    stopped = review.run(*close, REVIEW__SIGNING_KEY=str(secret))
    gone = review.run(*close, REVIEW__SIGNING_KEY="nowhere")
    assert (2, 2) == (stopped.code, gone.code)
    assert "passphrase" in stopped.out and "no such file" in gone.out
    assert ["open"] == review.column("select status from review_campaigns")

    mine, foreign = key(review.home, "mine"), key(review.home, "foreign")
    (kept / digest(Path(other))).unlink()
    review.environment["REVIEW__SIGNING_KEY"] = str(mine)
    closed = review.run(*close)
    assert 0 == closed.code, closed.err
    folder = review.home / closed.document["folder"]
    names = {path.name: path.read_bytes() for path in (folder / "returned").iterdir()}
    assert {f"{digest(Path(good))[:12]}-Kim_s_answers_2_.csv": Path(good).read_bytes()} == names
    about = json.loads((folder / "manifest.json").read_text())
    assert 1 == about["returned"]["kept"]
    assert [f"kim.csv (SHA-256 {digest(Path(other))})"] == about["returned"]["missing"]
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    assert (0, "") == (checked.returncode, checked.stderr)
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    named = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert files - named == {"SHA256SUMS", "SHA256SUMS.sig"}
    check_who_decided(review, folder)
    check_how_it_was_read(review, folder, about)
    check_signatures(review, folder, mine, foreign)
    assert closed.document == review.run(*close).document


def check_who_decided(review: Rollcall, folder: Path) -> None:
    """Reviewers have names and titles, and shared mailboxes are named as such."""
    people = {
        row["mail"]: (row["full_name"], row["job_title"] or "")
        for row in review.rows("select lower(work_email) as mail, * from people")
    }
    reviewers = {row["reviewer"]: row for row in table(folder / "reviewers.csv")}
    assert {*review.column("select reviewer from review_items")} == {*reviewers}
    for mail, row in reviewers.items():
        known = people.get(mail, ("", ""))
        assert known == (row["full_name"], row["job_title"])
        assert row["kind"] == ("person" if mail in people else "shared mailbox")
    text = (folder / "attestation.txt").read_text()
    assert "security@lanternfish.example, a shared mailbox" in text
    deciders = {
        (row["decided_by_name"], row["decided_by_title"])
        for row in table(folder / "decisions.csv")
        if row["decided_by_kind"] == "person"
    }
    assert deciders and all(f"{name}, {title} (" in text for name, title in deciders)
    assert all(role in text for role in ("Ran the campaign", "Owner of the control"))


def check_how_it_was_read(review: Rollcall, folder: Path, about: dict) -> None:
    """Calls, SQL and code are those behind the population."""
    calls = {(row["source_name"], row["resource"]): row for row in table(folder / "calls.csv")}
    users = calls["pingone", "users"]
    assert users["endpoint"].startswith("GET /v1/environments/")
    assert users["endpoint"].endswith("/users") and '"limit": 200' in users["parameters"]
    assert users["rows_read"] == users["reported_total"]
    assert calls["okta", "group_members"]["endpoint"] == "GET /api/v1/groups/{id}/users"
    with duckdb.connect(str(review.warehouse), read_only=True) as connection:
        for statement in connection.extract_statements((folder / "population.sql").read_text()):
            found = connection.execute(statement)
        names = [column[0] for column in found.description]
        grants = {row[names.index("grant_id")] for row in found.fetchall()}
    assert grants == {row["grant_id"] for row in table(folder / "population.csv")}
    lock = Path(__file__).parents[2] / ".ci" / "requirements.lock"
    for code in (about["code"]["opened"], about["code"]["closed"]):
        assert digest(lock) == code["lock_sha256"]
        assert code["libraries"]["duckdb"] == duckdb.__version__


def check_signatures(review: Rollcall, folder: Path, mine: Path, foreign: Path) -> None:
    """A packet is signed by an allowed signer, as it is, or the check fails."""

    def verify(place: Path, *flags: str):
        return review.run("review", "verify", str(place), *flags)

    allowed = ("--allowed-signers", str(signers(review.home, "allowed", mine)))
    others = ("--allowed-signers", str(signers(review.home, "others", foreign)))
    right = verify(folder, *allowed)
    assert (0, True) == (right.code, f"SHA256SUMS.sig is of {AGNES}" in right.out), right.err
    assert "was not checked" in verify(folder).out
    wrong = verify(folder, *others)
    assert (5, True) == (wrong.code, "nobody of the allowed signers" in wrong.err)
    assert 2 == verify(folder, "--allowed-signers", "nowhere").code
    without = shutil.copytree(folder, review.home / "without")
    (without / "SHA256SUMS.sig").unlink()
    assert "no signature" in verify(without, *allowed).err
    with (without / "SHA256SUMS").open("rb") as sums:
        made = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-f", str(mine), "-n", "file"],
            stdin=sums,
            capture_output=True,
        ).stdout
    (without / "SHA256SUMS.sig").write_bytes(made)
    assert "not one of these SHA256SUMS" in verify(without, *allowed).err
    (without / "SHA256SUMS.sig").unlink()
    assert 0 == verify(without).code
    name = next((without / "returned").iterdir())
    name.write_bytes(name.read_bytes() + b"\n")
    assert f"returned/{name.name}" in verify(without).err
    name.unlink()
    name.parent.rmdir()
    manifest = json.loads((without / "manifest.json").read_text())
    manifest["files"] = [one for one in manifest["files"] if "returned/" not in one["name"]]
    (without / "manifest.json").write_text(json.dumps(manifest))
    rewritten(without)
    assert "files that came back: 1 in the manifest, 0 in the files" in verify(without).err


def test_a_file_that_changes_while_it_is_taken_in_is_refused(tmp_path):
    """The kept file is the one that was judged, or the import ends without a decision."""
    warehouse, path = tmp_path / "access.duckdb", tmp_path / "kim.csv"
    path.write_text("what was judged")
    judged = digest(path)
    path.write_text("another text")

    with pytest.raises(Refused, match="changed while it was imported"):
        returned.keep_file(warehouse, path, judged)
    assert [] == [*returned.returned_folder(warehouse).iterdir()]

    returned.keep_file(warehouse, path, digest(path))
    damaged = returned.returned_folder(warehouse) / digest(path)
    damaged.write_text("damaged")
    returned.keep_file(warehouse, path, digest(path))
    assert "another text" == damaged.read_text()


def test_a_packet_of_an_earlier_version_is_verified(asking: Rollcall, opened: Opened, tmp_path):
    """A packet of format 1 is as good as before; nothing of format 2 is asked of it."""
    old = shutil.copytree(opened.home / "data/reviews/q4/opened", tmp_path / "old")
    about = json.loads((old / "manifest.json").read_text())
    about["format"] = layout.FORMAT_1
    about["files"] = [one for one in about["files"] if one["name"] not in EARLIER]
    text = json.dumps(about)
    (old / "manifest.json").write_text(text)
    (old / "attestation.txt").write_text(layout.attestation_text(text))
    for name in EARLIER[1:]:
        (old / name).unlink()
    extra = asking.run("review", "verify", str(old))
    (old / layout.SUMS).unlink()

    found = asking.run("review", "verify", str(old))

    assert (5, True) == (extra.code, "SHA256SUMS: manifest.json does not list it" in extra.err)
    assert (0, True) == (found.code, "the packet is not signed" in found.out), found.err
    signed = asking.run("review", "verify", str(old), "--allowed-signers", __file__)
    assert (5, True) == (signed.code, "no signature" in signed.err)


def test_an_opened_packet_of_an_earlier_version_is_kept(review: Rollcall, opened: Opened):
    """`review open` keeps the packet of an earlier version, and does not call it foreign."""
    folder = review.home / "data/reviews/q4/opened"
    about = json.loads((folder / "manifest.json").read_text()) | {"format": layout.FORMAT_1}
    text = json.dumps(about)
    (folder / "manifest.json").write_text(text)
    (folder / "attestation.txt").write_text(layout.attestation_text(text))
    (folder / layout.SUMS).unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    again = review.run("review", "open", "q4", "--json")

    assert (0, digest(folder / "manifest.json")) == (again.code, again.document["manifest_sha256"])
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "ledger.csv").unlink()
    assert 2 == review.run("review", "open", "q4").code


@pytest.mark.parametrize(
    ("form", "sha256"),
    [
        (layout.FORMAT_1, "af1ea0be27a2adfda252b48c69ce4665cb9ebaceb4804d6c8d747927d98a607a"),
        (layout.FORMAT_2, "ba7fe53c1cc43f208fcb7f77b3e6cfaf7ee97d562bd5e801d9c4c703eb4be3e7"),
    ],
    ids=["1", "2"],
)
def test_the_words_of_an_attestation_never_change(form, sha256):
    """The attestation of a manifest is what it always was, or older packets would fail."""
    about = {
        "format": form,
        "title": "Q4",
        "campaign": "q4",
        "due_on": "2026-12-15",
        "opened_at": "2026-10-01T08:00:00Z",
        "opened_by": "kim@host",
        "closed_at": "2026-12-01T08:00:00Z",
        "closed_by": "kim@host",
        "data_as_of": "2026-10-01T07:00:00Z",
        "definition_sha256": "0" * 64,
        "counts": {
            **dict.fromkeys(("items", "findings", "decided", "undecided", "unsettled"), 2),
            "excluded": {"grant": 1, "account": 3},
            "decisions": {"keep": 1, "revoke": 1},
        },
        "reviewers": [
            {"reviewer": "a@x.example", "kind": "person", "name": "A", "title": "B", "items": 1},
            {"reviewer": "b@x.example", "kind": "shared mailbox", "items": 1},
            {"reviewer": "c@x.example", "kind": None, "items": 1},
        ],
        "sources": [
            {
                "source_name": "hr",
                "complete_run_id": "r",
                "as_of": "2026-10-01T07:00:00Z",
                "full_read_at": "2026-10-01T07:00:00Z",
                "last_status": "complete",
            }
        ],
        "accepted": [{"source_name": "hr", "why": "old", "accepted_by": "kim", "because": "known"}],
        "continues": {"folder": "closed", "manifest_sha256": "1" * 64},
        "has_population_sql": True,
        "returned": {"kept": 1, "missing": ["a.csv"]},
        "code": {"opened": {"rollcall": "0.1.0", "code_sha256": "2" * 64}},
    }

    text = layout.attestation_text(json.dumps(about))

    assert sha256 == hashlib.sha256(text.encode()).hexdigest(), text
