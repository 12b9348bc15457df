"""Output goes where the user asks, and never replaces a file that is not Rollcall's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.files.output import replace_file
from tests.support.product import Rollcall
from tests.support.wanted import may_write, wants


@pytest.fixture
def company(rollcall: Rollcall, published) -> Rollcall:
    return may_write(rollcall.has(published))


@pytest.mark.parametrize("name", ["", ".wal", "seal", "work/lock", "work/run"])
@pytest.mark.parametrize("verb", ["plan", "report", "export"])
def test_no_output_touches_the_warehouse(company, verb, name):
    """No command writes over the warehouse, or where the warehouse's own files are."""
    wants(company, count=1)
    file = company.warehouse
    place = file.parent / (f".{file.name}.{name}" if name[:1].isalpha() else file.name + name)
    before = company.warehouse.read_bytes()
    there = {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")}

    result = company.run(verb, "--out", str(place))

    assert 2 == result.code and "belongs to the warehouse" in result.err
    assert before == company.warehouse.read_bytes()
    assert there == {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")}


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_plan_replaces_only_a_plan(company, kind):
    """A plan replaces an earlier plan, but no other file, link or folder."""
    wants(company, count=1)
    place, minutes = company.home / "x.plan.json", company.home / "minutes.txt"
    minutes.write_text("minutes")
    if kind == "file":
        place.write_text("minutes")
    elif kind == "link":
        place.symlink_to(minutes)
    else:
        place.mkdir()

    result = company.run("plan", "--out", str(place))

    assert 2 == result.code and "is not written over" in result.err
    assert "minutes" == minutes.read_text() and (kind != "file" or "minutes" == place.read_text())
    other = company.home / "new" / "y.plan.json"
    assert [0, 0] == [company.run("plan", "--out", str(other)).code for _ in range(2)]


def test_a_draft_follows_no_link(company, tmp_path, monkeypatch):
    """A link in the place of a draft is not followed, even if its name was guessed."""
    wants(company, count=1)
    minutes = tmp_path / "minutes.txt"
    minutes.write_text("minutes")
    (company.home / "x.plan.json.new").symlink_to(minutes)
    assert 0 == company.run("plan", "--out", str(company.home / "x.plan.json")).code

    monkeypatch.setattr("pipelines.files.output.secrets.token_hex", lambda _: "00")
    (tmp_path / ".rollcall-00").symlink_to(minutes)
    with pytest.raises(FileExistsError):
        replace_file(tmp_path / "head", b"head")
    assert "minutes" == minutes.read_text()


def test_a_lock_and_a_log_follow_no_link(company):
    """A link in the place of the audit log or its lock is refused, and its target stays."""
    wants(company, count=1)
    folder, minutes = company.home / "data" / "changes", company.home / "minutes.txt"
    folder.mkdir(mode=0o700)
    for name in (".lock", "audit.jsonl"):
        minutes.write_text("minutes")
        (folder / name).symlink_to(minutes)
        assert 6 == company.run("plan").code
        assert "minutes" == minutes.read_text()
        (folder / name).unlink()


def test_folders_of_others_stay_beside_an_export(company):
    """An export removes what its killed runs left, and nobody else's folder."""
    out = company.home / "shared"
    for name in (".building", ".sorting", ".rollcall-mine", ".rollcall-0123456789abcdef"):
        (out / name).mkdir(parents=True)
        (out / name / "notes").write_text("mine")
    (out / ".rollcall-fedcba9876543210").symlink_to(out / ".building")

    assert 0 == company.run("export", "--out", str(out)).code

    left = {path.name for path in out.iterdir() if path.name.startswith(".")}
    assert {".building", ".sorting", ".rollcall-mine", ".rollcall-fedcba9876543210"} == left
    assert "mine" == (out / ".building" / "notes").read_text()


def test_folders_of_others_stay_beside_a_packet(review, tmp_path: Path):
    """A packet is built in a folder of its own name, and leaves other folders alone."""
    out = tmp_path / "shared"
    for name in (".building", ".sorting"):
        (out / "q4" / name).mkdir(parents=True)
        (out / "q4" / name / "notes").write_text("mine")

    assert 0 == review.run("review", "open", "q4", "--out", str(out)).code
    assert {".building", ".sorting", "opened"} == {path.name for path in (out / "q4").iterdir()}
    place = review.warehouse.with_name(f".{review.warehouse.name}.work")
    refused = review.run("review", "open", "q4", "--out", str(place))
    assert 2 == refused.code and "belongs to the warehouse" in refused.err
