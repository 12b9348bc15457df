"""Applying a plan: what it changes, what it refuses, and what is recorded of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.files import json_lines
from pipelines.write_back import audit_log
from pipelines.write_back import plan as plans
from tests.sandbox.server import Request
from tests.support.applying import applied, asked_for, calls, held, journal, write
from tests.support.wanted import busy, may_write, wants
from tests.write_back.test_plan import changed, planned

# ---- changes


def test_without_the_digest_nothing_is_changed(company):
    """Without the digest every item is read, and nothing is changed."""
    path = planned(company)
    folder = {file: file.read_bytes() for file in path.parent.iterdir()}
    result = company.run("apply", str(path))

    assert 0 == result.code and 6 == result.out.count("would be done")
    assert ([], 6) == (calls(company), held(company, path))
    assert folder == {file: file.read_bytes() for file in path.parent.iterdir()}


def test_what_is_planned_is_done_once_and_nothing_else(company):
    """A plan's changes are made once, and nothing else is changed."""
    path = planned(company)
    result = applied(company, path, "--json")

    assert (0, {"done": 6}) == (result.code, result.document["counts"])
    assert (sorted(asked_for(path)), 0) == (sorted(calls(company)), held(company, path))
    assert 6 == len([record for record in journal(path) if record["event"] == "outcome"])

    again = applied(company, path, "--json")
    names = ("account_name", "entitlement_name", "source_name", "action")
    assert [[item[name] for name in names] for item in json.loads(path.read_text())["items"]] == [
        [item[name] for name in names] for item in again.document["items"]
    ]
    assert (0, {"done": 6}) == (again.code, again.document["counts"])
    assert 6 == len(calls(company))


def test_every_step_is_on_disk_before_the_next_one(company):
    """Each step is on disk before the next one.

    At the moment of a call, the newest records of journal and audit log name this call.
    """
    path = planned(company)
    seen = []

    def look(request: Request, answer: Any) -> Any:
        log = json_lines.read_records(path.parent / "audit.jsonl")[-1]
        seen.append((journal(path)[-1]["event"], log["event"], log["facts"]["account_id"]))
        return answer

    company.sandbox.pingone.faults.append(write(times=9, effect=look))
    applied(company, path)

    accounts = [item["account_id"] for item in json.loads(path.read_text())["items"]]
    assert [("begun", "begun", account) for account in accounts] == seen


def test_what_is_so_already_is_left_alone(company):
    """A change that is already in effect is skipped."""
    path = planned(company)
    user, group = asked_for(path)[0][1].split("/memberOfGroups/")
    company.sandbox.company.pingone.members.discard((user.removeprefix("users/"), group))
    result = applied(company, path, "--json")

    assert (0, {"already": 1, "done": 5}) == (result.code, result.document["counts"])
    assert sorted(asked_for(path)[1:]) == sorted(calls(company))


def test_what_drifted_is_left_alone_and_told(company):
    """An account whose username has changed since the approval is skipped and reported."""
    path = planned(company)
    user = asked_for(path)[2][1].split("/")[1]
    company.sandbox.company.pingone.users[user]["username"] = "somebody.else"
    result = applied(company, path, "--json")

    assert (7, {"done": 5, "drift": 1}) == (result.code, result.document["counts"])
    steps = {item["outcome"]: item["next"] for item in result.document["items"]}
    assert None is steps["done"] and "rollcall plan" in steps["drift"]
    assert asked_for(path)[2] not in calls(company)


def test_an_id_that_is_somebody_elses_stops_everything(company):
    """An id that now belongs to another account stops the whole apply."""
    path = planned(company)
    user = asked_for(path)[2][1].split("/")[1]
    company.sandbox.company.pingone.users[user]["createdAt"] = "2026-01-01T00:00:00.000Z"
    result = applied(company, path)

    assert 5 == result.code and asked_for(path)[:2] == calls(company)


# ---- refusals


def test_an_edited_plan_or_another_digest_is_refused(company):
    """An edited plan or another digest is refused."""
    path = planned(company)
    content = path.read_text()
    digest = json.loads(content)["digest"]
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    assert 5 == company.run("apply", str(path), "--digest", other).code

    document = json.loads(content)
    document["items"].pop()
    forged = {**document, "digest": plans.plan_digest(document)}
    for edited in (document, forged):
        path.write_bytes(json_lines.to_canonical(edited))
        assert 5 == company.run("apply", str(path), "--digest", digest).code
    assert [] == calls(company)


def test_the_plan_of_another_tenant_is_refused(company):
    """The plan of another tenant is refused."""
    path = planned(company)
    result = applied(company, path, SOURCES__PINGONE__ENVIRONMENT_ID="0" * 36)

    assert 5 == result.code and "the plan is for" in result.err
    assert [] == calls(company)


def test_a_stale_plan_is_refused(company):
    """A plan is refused once newer data no longer asks for its changes, or asks for others."""
    path = planned(company)
    first = json.loads(path.read_text())["items"][0]["change_id"]
    for statement in (
        f"delete from planned_changes where change_id = '{first}'",
        "update planned_changes set reason = 'otherwise'",
        "update planned_changes set blocked_because = 'last administrator'",
    ):
        wants(company)
        changed(company, statement)
        result = applied(company, path)
        assert 5 == result.code and "no longer asks for" in result.err
    wants(company)
    assert 5 == applied(company, path, PLAN__MAX_AGE_HOURS="0").code
    assert [] == calls(company)


def test_limits_and_protection_hold_when_a_plan_is_applied_too(company):
    """Limits and protection apply to an apply, too."""
    path = planned(company)
    tight = {"PLAN__MAX_CHANGES": "5", "PLAN__MAX_PERCENT_OF_GRANTS": "0"}
    assert 5 == applied(company, path, **tight).code
    account = json.loads(path.read_text())["items"][3]["account_id"]
    (company.home / "reviews").mkdir()
    policy = company.home / "reviews" / "policy.toml"
    policy.write_text(f'[[protected]]\nid = "{account}"\nreason = "break glass"\n')
    result = applied(company, path)
    assert 5 == result.code and "protected" in result.err
    assert [] == calls(company)

    policy.unlink()
    assert 0 == applied(company, path, "--max-changes", "6", **tight).code


def test_the_pipelines_own_worker_is_never_touched(company):
    """Rollcall's own worker is never changed.

    This holds even if the plan was made on a host that does not know the writing worker.
    """
    path = planned(company)
    account = json.loads(path.read_text())["items"][0]["account_id"]
    worker = "pingone:application:" + company.environment["PROVISION__PINGONE__CLIENT_ID"]
    changed(
        company,
        f"update planned_changes set account_id = '{worker}' where account_id = '{account}'",
    )
    without = {"PROVISION__PINGONE__CLIENT_ID": "", "PROVISION__PINGONE__CLIENT_SECRET": ""}
    path = planned(company, **without)

    assert 6 == len(json.loads(path.read_text())["items"])
    result = applied(company, path)
    assert 5 == result.code and "own identity" in result.err and [] == calls(company)


def test_a_host_without_the_write_credential_changes_nothing(company):
    """A host without the write credential changes nothing, and names the missing setting."""
    path = planned(company)
    result = applied(company, path, PROVISION__PINGONE__CLIENT_SECRET="")

    assert 2 == result.code and "PROVISION__PINGONE__CLIENT_SECRET" in result.err
    assert [] == calls(company)


def test_only_one_apply_is_at_work(company):
    """A second apply at the same time exits with 75 and calls nothing."""
    path = planned(company)
    with json_lines.hold_folder(path.parent, "apply"):
        assert (75, []) == (applied(company, path).code, calls(company))


# ---- records


@pytest.mark.long
def test_results_reach_the_warehouse_once_it_is_free(rollcall, published):
    """The results of an apply reach the warehouse as soon as its lock is free."""
    wants(may_write(rollcall.has(published)))
    path = planned(rollcall)
    digest = json.loads(path.read_text())["digest"]
    with busy(rollcall):
        result = applied(rollcall, path)
        assert 0 == result.code and "the next sync" in result.err
    result = applied(rollcall, path)
    assert 0 == result.code and "the next sync" not in result.err, result.err

    [plan] = rollcall.rows("from change_plans")
    assert (digest, 6, True) == (plan["plan_digest"], plan["changes"], bool(plan["completed_at"]))
    rows = rollcall.rows("from applied_changes")
    assert [(digest, "done")] * 6 == [(row["plan_digest"], row["outcome"]) for row in rows]
    assert all(row["grant_id"] and row["account_id"] and row["known_at"] for row in rows)

    back = applied(rollcall, planned(rollcall, "--undo", str(path), "--because", "a mistake"))
    assert 0 == back.code and "the next sync" not in back.err, back.err
    undone = rollcall.rows("from applied_changes where reason_kind = 'undo'")
    assert [("grant", "done")] * 6 == [(row["action"], row["outcome"]) for row in undone]
    assert 0 == rollcall.run("audit", "verify").code


def test_what_was_done_can_be_taken_back(company):
    """A plan can be undone, without the items that were already in effect."""
    members = {*company.sandbox.company.pingone.members}
    path = planned(company)
    gone = asked_for(path)[0][1].split("/")[1::2]
    company.sandbox.company.pingone.members.discard(tuple(gone))
    assert 0 == applied(company, path).code and 0 == held(company, path)

    assert 2 == company.run("plan", "--undo", str(path)).code
    back = planned(company, "--undo", str(path), "--because", "the wrong quarter")
    document = json.loads(back.read_text())
    assert {"grant": 5} == document["totals"]["by_action"]
    assert {"undo"} == {item["reason_kind"] for item in document["items"]}
    assert 0 == applied(company, back).code
    assert members - {tuple(gone)} == company.sandbox.company.pingone.members


def test_every_change_of_the_log_of_an_apply_is_found(company):
    """Every alteration of an apply's audit log is found."""
    path = planned(company)
    company.sandbox.pingone.faults += [write(), write(before=True, after=1)]
    applied(company, path)
    applied(company, path)
    log = path.parent / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    events = {json.loads(line)["event"] for line in lines}
    assert {"plan_made", "apply_begun", "begun", "answered", "unknown", "outcome"} < events
    assert [] == audit_log.verify_log(path.parent).wrong
    for at, line in enumerate(lines):
        rest = [*lines[:at], *lines[at + 1 :]]
        swapped = [*lines]
        swapped[at], swapped[at - 1] = swapped[at - 1], swapped[at]
        edited = [*lines[:at], line.replace(b"a", b"b", 1), *lines[at + 1 :]]
        for other in (rest, swapped, edited, lines[:at], [*lines[:at], line, *lines[at:]]):
            log.write_bytes(b"".join(other))
            assert audit_log.verify_log(path.parent).wrong, at


def test_no_secret_is_told_and_no_name_is_recorded(company):
    """Neither output nor records contain a secret, and only the output has names."""
    path = planned(company)
    result = applied(company, path)
    written = b"".join(file.read_bytes() for file in path.parent.glob("*.jsonl")).decode()

    secret = company.environment["PROVISION__PINGONE__CLIENT_SECRET"]
    for text in (result.out, result.err, written):
        assert secret not in text
    for name in company.column("select account_name from planned_changes"):
        assert name not in written, name
    assert all(file.stat().st_mode & 0o077 == 0 for file in path.parent.iterdir())
