"""Every claim of a plan, an undo or a journal is checked before anything is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.failures import Refused
from pipelines.files import json_lines
from pipelines.write_back import audit_log
from pipelines.write_back import plan as plans
from tests.support.applying import applied, calls, held
from tests.write_back.test_plan import planned


def forged(path: Path, other: Path, is_logged: bool = True, **fields: Any) -> Path:
    """Write another plan with a matching digest, and optionally its record in the audit log."""
    document = json.loads(path.read_text()) | fields
    document["digest"] = plans.plan_digest(document)
    other.write_bytes(json_lines.to_canonical(document))
    if is_logged:
        audit_log.Log(path.parent, "mallory").write("plan_made", document["digest"], changes=1)
    return other


def granted(path: Path) -> list[dict[str, Any]]:
    """Return a plan's items as the grants that an undo would make."""
    items = json.loads(path.read_text())["items"]
    other = {"action": "grant", "reason_kind": "undo", "inverse_action": "revoke"}
    return [item | other for item in items]


def test_a_plan_from_elsewhere_is_not_applied(company):
    """A plan that the audit log has no record of is refused, whatever its digest."""
    path = planned(company)
    other = forged(path, company.home / "x.json", is_logged=False, made_by="somebody")
    result = applied(company, other)

    assert 5 == result.code and "it was not made here" in result.err
    assert 5 == company.run("apply", str(other)).code
    result = applied(company, path, CHANGES__FOLDER=str(company.home / "elsewhere"))
    assert 5 == result.code and [] == calls(company)


def test_an_undo_of_nothing_grants_nothing(company):
    """An undo is derived from the journal: a plan that was never applied has no undo."""
    path = planned(company)
    there = json.loads(path.read_text())["digest"]
    for digest, why in (("a" * 64, "is not in"), (there, "does not lead to 6 of its changes")):
        other = forged(path, company.home / "x.json", undoes=digest, items=granted(path))
        result = applied(company, other)
        assert 5 == result.code and why in result.err, result.err
    assert [] == calls(company)


def test_an_undo_of_a_forged_journal_is_refused(company):
    """A journal with records that the audit log lacks cannot be undone."""
    path = planned(company)
    assert 0 == applied(company, path).code
    journal = path.with_name(path.name.replace(".plan.json", ".journal.jsonl"))
    content = journal.read_bytes()
    account, other = (item["account_id"] for item in json.loads(path.read_text())["items"][:2])
    journal.write_bytes(content.replace(account.encode(), other.encode()))
    result = company.run("plan", "--undo", str(path), "--because", "a mistake")

    assert 5 == result.code and "the audit log has no such record" in result.err
    journal.write_bytes(content)
    place = str(company.home / "undo.json")
    back = planned(company, "--undo", str(path), "--because", "a mistake", "--out", place)
    assert 0 == applied(company, back).code and 6 == held(company, path)


WRONG = [
    ("rollcall", None),
    ("made_at", "yesterday"),
    ("made_by", ["kim"]),
    ("tenants", {"pingone": None}),
    ("snapshot", {"data_as_of": None, "runs": {"pingone": "run"}}),
    ("snapshot", {"data_as_of": "2026-01-01T00:00:00Z", "runs": {}}),
    ("snapshot", None),
    ("decisions_sha256", "none"),
    ("undoes", "d" * 64),
    ("undoes", 7),
    ("exceeded", None),
    ("totals", {"changes": 0, "blocked": 0, "by_action": {}, "by_source": {}}),
    ("blocked", [{"change_id": "x"}]),
    ("more", 1),
]
WRONG_ITEM = [
    ("action", "close_account"),
    ("channel", "mail"),
    ("wanted_action", "anything"),
    ("expected_state", "{"),
    ("wanted_state", "[]"),
    ("reason_kind", "whim"),
    ("reason_kind", "undo"),
    ("due_at", "soon"),
    ("account_created_at", "never"),
    ("source_name", None),
    ("source_name", "haloitsm"),
    ("change_id", ""),
    ("inverse_action", "nothing"),
]


def test_every_field_of_a_plan_is_checked(company):
    """A plan with one wrong field is refused with the field's name, before any request."""
    path, place = planned(company), company.home / "x.json"
    items = json.loads(path.read_text())["items"]
    assert 6 == len(plans.read_plan(path).changes)
    for name, value in WRONG:
        with pytest.raises(Refused):
            plans.read_plan(forged(path, place, is_logged=False, **{name: value}))
    for name, value in WRONG_ITEM:
        other = [items[0] | {name: value}, *items[1:]]
        with pytest.raises(Refused):
            plans.read_plan(forged(path, place, is_logged=False, items=other))
    with pytest.raises(Refused, match="twice"):
        plans.read_plan(forged(path, place, is_logged=False, items=[*items[1:], items[1]]))


@pytest.mark.long
def test_an_unreadable_journal_stops_no_sync(rollcall, published):
    """An unreadable journal is named with exit code 5, and the sources are published."""
    rollcall.has(published)
    folder = rollcall.home / "data" / "changes"
    folder.mkdir(mode=0o700)
    begun = {"made_at": "2026-01-01T00:00:00Z", "made_by": "kim", "data_as_of": None}
    record = {
        "event": "apply_begun",
        "time": "2026-01-01T00:00:00.000000Z",
        "plan_digest": "d" * 64,
        "change_id": "",
        "facts": begun | {"changes": 1, "applied_by": "kim"},
        "audit_head": "e" * 64,
    }
    contents = [json_lines.to_canonical(record), b"{}\n", b"\xff\n", b'{"event": 1}\n']
    for number, content in enumerate(contents):
        (folder / f"{number}.journal.jsonl").write_bytes(content)
    before = rollcall.column("select count(distinct run_id) from runs")[0]

    result = rollcall.run("sync", "--json")

    assert 5 == result.code and result.document["published"]
    assert 4 == len(result.document["failures"])
    assert "data_as_of" in result.document["failures"][0]["why"]
    assert "0.journal.jsonl" in result.document["failures"][0]["what"]
    assert before + 1 == rollcall.column("select count(distinct run_id) from runs")[0]
    assert contents == [path.read_bytes() for path in sorted(folder.glob("*.journal.jsonl"))]
