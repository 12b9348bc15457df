"""Applying a plan: what is done, what is refused, and how it goes on after whatever stopped it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines import audit, ledger
from pipelines import plan as plans
from pipelines.haloitsm.wording import reference
from tests.conftest import Result, Rollcall
from tests.counted import count as count_kills
from tests.faults import status
from tests.sandbox.server import Fault, Request
from tests.test_plan import changed, planned
from tests.wishes import busy, many, may_write, wants

WRITES = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def company(rollcall: Rollcall, published) -> Rollcall:
    """The invented company with six wishes, a credential that may change it, and a sync at work."""
    wants(may_write(rollcall.has(published)))
    with busy(rollcall):
        yield rollcall


def applied(company: Rollcall, path: Path, *arguments: str, **settings: str) -> Result:
    digest = json.loads(path.read_text())["digest"]
    return company.run("apply", str(path), "--digest", digest, *arguments, **settings)


def calls(company: Rollcall) -> list[tuple[str, str]]:
    """Every call to PingOne that may have changed something, as it came."""
    return [
        (method, path.split("/", 4)[4])
        for method, path, _, _ in company.sandbox.pingone.log
        if method in WRITES and "/as/" not in path
    ]


def asked_for(path: Path, items: list[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    """The calls that revoking memberships takes."""
    items = json.loads(path.read_text())["items"] if items is None else items
    return [
        ("DELETE", f"users/{item['account_id'].split(':')[2]}/memberOfGroups/"
         f"{item['entitlement_id'].split(':')[2]}")
        for item in items
    ]  # fmt: skip


def held(company: Rollcall, path: Path, items: list[dict[str, Any]] | None = None) -> int:
    """How many of a plan's memberships are there still."""
    members = company.sandbox.company.pingone.members
    return sum(
        (item["account_id"].split(":")[2], item["entitlement_id"].split(":")[2]) in members
        for item in (json.loads(path.read_text())["items"] if items is None else items)
    )


def journal(path: Path) -> list[dict[str, Any]]:
    return ledger.read(path.with_name(path.name.replace(".plan.json", ".journal.jsonl")))


def write(before: bool = False, times: int = 1, after: int = 0, effect: Any = None) -> Fault:
    """What goes wrong with a call that changes something."""
    return Fault(
        lambda request: request.method == "DELETE", effect or status(500),
        times=times, after=after, before=before,
    )  # fmt: skip


# ---- what is done


def test_without_the_digest_nothing_is_changed_and_everything_is_looked_at(company):
    path = planned(company)
    folder = {file: file.read_bytes() for file in path.parent.iterdir()}
    result = company.run("apply", str(path))

    assert 0 == result.code and 6 == result.out.count("would be done")
    assert ([], 6) == (calls(company), held(company, path))
    assert folder == {file: file.read_bytes() for file in path.parent.iterdir()}


def test_what_is_planned_is_done_once_and_nothing_else(company):
    path = planned(company)
    result = applied(company, path, "--json")

    assert (0, {"done": 6}) == (result.code, result.document["counts"])
    assert (sorted(asked_for(path)), 0) == (sorted(calls(company)), held(company, path))
    assert 6 == len([record for record in journal(path) if record["event"] == "outcome"])

    again = applied(company, path, "--json")
    assert (0, {"done": 6}) == (again.code, again.document["counts"])
    assert 6 == len(calls(company))


def test_every_step_is_on_disk_before_the_next_one(company):
    """What the journal and the audit log say at the moment of a call names this call."""
    path = planned(company)
    seen = []

    def look(request: Request, answer: Any) -> Any:
        log = ledger.read(path.parent / "audit.jsonl")[-1]
        seen.append((journal(path)[-1]["event"], log["event"], log["facts"]["account_id"]))
        return answer

    company.sandbox.pingone.faults.append(write(times=9, effect=look))
    applied(company, path)

    accounts = [item["account_id"] for item in json.loads(path.read_text())["items"]]
    assert [("begun", "begun", account) for account in accounts] == seen


def test_what_is_so_already_is_left_alone(company):
    path = planned(company)
    user, group = asked_for(path)[0][1].split("/memberOfGroups/")
    company.sandbox.company.pingone.members.discard((user.removeprefix("users/"), group))
    result = applied(company, path, "--json")

    assert (0, {"already": 1, "done": 5}) == (result.code, result.document["counts"])
    assert sorted(asked_for(path)[1:]) == sorted(calls(company))


def test_what_drifted_is_left_alone_and_told(company):
    """One account has another username by now: whoever approved did not mean it."""
    path = planned(company)
    user = asked_for(path)[2][1].split("/")[1]
    company.sandbox.company.pingone.users[user]["username"] = "somebody.else"
    result = applied(company, path, "--json")

    assert (7, {"done": 5, "drift": 1}) == (result.code, result.document["counts"])
    assert asked_for(path)[2] not in calls(company)


def test_an_id_that_is_somebody_elses_stops_everything(company):
    path = planned(company)
    user = asked_for(path)[2][1].split("/")[1]
    company.sandbox.company.pingone.users[user]["createdAt"] = "2026-01-01T00:00:00.000Z"
    result = applied(company, path)

    assert 5 == result.code and asked_for(path)[:2] == calls(company)


# ---- what is refused


def test_an_edited_plan_or_another_digest_is_refused(company):
    path = planned(company)
    content = path.read_text()
    digest = json.loads(content)["digest"]
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    assert 5 == company.run("apply", str(path), "--digest", other).code

    document = json.loads(content)
    document["items"].pop()
    forged = {**document, "digest": plans.digest_of(document)}
    for edited in (document, forged):
        path.write_bytes(ledger.canonical(edited))
        assert 5 == company.run("apply", str(path), "--digest", digest).code
    assert [] == calls(company)


def test_the_plan_of_another_tenant_is_refused(company):
    path = planned(company)
    result = applied(company, path, SOURCES__PINGONE__ENVIRONMENT_ID="0" * 36)

    assert 5 == result.code and "it is for" in result.err
    assert [] == calls(company)


def test_a_stale_plan_is_refused(company):
    """Newer data no longer asks for one of its changes, or for another one of this kind."""
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
        assert 5 == result.code and "not wanted (so) any more" in result.err
    wants(company)
    assert 5 == applied(company, path, PLAN__MAX_AGE_HOURS="0").code
    assert [] == calls(company)


def test_limits_and_protection_hold_when_a_plan_is_applied_too(company):
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
    """Even where the plan was made on a host that does not know the worker that writes."""
    path = planned(company)
    account = json.loads(path.read_text())["items"][0]["account_id"]
    worker = "pingone:application:" + company.environment["PROVISION__PINGONE__CLIENT_ID"]
    changed(company, f"update planned_changes set account_id = '{worker}'"
            f" where account_id = '{account}'")  # fmt: skip
    without = {"PROVISION__PINGONE__CLIENT_ID": "", "PROVISION__PINGONE__CLIENT_SECRET": ""}
    path = planned(company, **without)

    assert 6 == len(json.loads(path.read_text())["items"])
    result = applied(company, path)
    assert 5 == result.code and "own identity" in result.err and [] == calls(company)


def test_a_host_without_the_write_credential_changes_nothing(company):
    path = planned(company)
    result = applied(company, path, PROVISION__PINGONE__CLIENT_SECRET="")

    assert 2 == result.code and "PROVISION__PINGONE__CLIENT_SECRET" in result.err
    assert [] == calls(company)


# ---- what goes wrong on the way


def test_a_lost_answer_is_looked_for_and_not_asked_again(company):
    path = planned(company)
    fault = write()
    company.sandbox.pingone.faults.append(fault)
    result = applied(company, path, "--json")

    assert (1, 0, {"done": 6}) == (fault.fired, result.code, result.document["counts"])
    assert 6 == len(calls(company))
    assert "unknown" in [record["event"] for record in journal(path)]


def test_a_call_that_may_have_happened_is_not_repeated_by_the_same_run(company):
    """It did not: the next run finds that out, and makes it."""
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True))
    result = applied(company, path, "--json")

    assert (7, {"open": 1, "done": 5}) == (result.code, result.document["counts"])
    assert 6 == len(calls(company))
    again = applied(company, path, "--json")
    assert (0, {"done": 6}) == (again.code, again.document["counts"])
    assert 7 == len(calls(company))


def test_a_call_that_was_turned_away_unread_is_sent_again(company):
    path = planned(company)
    company.sandbox.pingone.faults += [
        write(before=True, effect=status(429, **{"retry-after": "0"})),
        write(before=True, after=2, effect=status(401)),
    ]
    assert 0 == applied(company, path).code
    assert (8, 0) == (len(calls(company)), held(company, path))


def test_an_effect_that_shows_late_is_waited_for(company):
    path = planned(company)
    company.sandbox.company.pingone.switches.read_lag = 0.4
    result = applied(company, path, "--json", APPLY__SETTLE_SECONDS="10")

    assert (0, {"done": 6}) == (result.code, result.document["counts"])
    assert 6 == len(calls(company))


def test_what_was_accepted_and_does_not_show_is_never_asked_for_again(company):
    path = planned(company)
    company.sandbox.company.pingone.switches.read_lag = 9999
    first = applied(company, path, "--json", APPLY__STOP_AFTER="0", APPLY__STOP_AT_PERCENT="100")
    again = applied(company, path, "--json", APPLY__STOP_AFTER="0", APPLY__STOP_AT_PERCENT="100")

    assert (7, {"open": 6}) == (first.code, first.document["counts"])
    assert (7, {"failed": 6}) == (again.code, again.document["counts"])
    assert 6 == len(calls(company))


def test_a_refusal_is_told_with_its_reason_and_the_rest_is_done(company):
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True, effect=status(403), after=1))
    result = applied(company, path, "--json")

    assert (7, {"done": 5, "failed": 1}) == (result.code, result.document["counts"])
    assert "403" in json.dumps(result.document)
    assert 0 == applied(company, path).code  # the right was given


def test_after_three_failures_in_a_row_it_stops(company):
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True, times=99))
    result = applied(company, path, "--json")

    assert 7 == result.code and "in a row" in result.document["stopped"]
    assert {"open": 3, "not_tried": 3} == result.document["counts"]
    assert 3 == len(calls(company))


def test_a_signal_lets_the_change_at_hand_come_to_its_end(company):
    """Whoever runs it again goes on from there."""
    path = planned(company)

    def interrupt(_: Request, answer: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return answer

    company.sandbox.pingone.faults.append(write(after=1, effect=interrupt))
    result = applied(company, path, "--json")

    assert (7, {"done": 2, "not_tried": 4}) == (result.code, result.document["counts"])
    assert 0 == applied(company, path).code
    assert sorted(asked_for(path)) == sorted(calls(company))


def test_only_one_apply_is_at_work(company):
    path = planned(company)
    with ledger.alone(path.parent, "apply"):
        assert (75, []) == (applied(company, path).code, calls(company))


def test_killed_at_every_step_it_ends_at_the_state_of_the_plan(rollcall, published):
    """Nothing is asked for twice that has come about, no ticket is there twice, and nothing is
    called that is not in the plan. The long suite kills two hundred changes at every step, the
    others are killed at every ninth, each one from another step on."""
    count = int(os.environ.get("ROLLCALL_APPLIED", "4"))
    stride = 9 if count < 100 else 1
    many(may_write(rollcall.has(published)), count)
    rollcall.environment |= {"PLAN__MAX_CHANGES": "999", "PLAN__FEW_HOLDERS": "999"}
    path = planned(rollcall)
    digest = json.loads(path.read_text())["digest"]
    with busy(rollcall):
        process = subprocess.run(
            [sys.executable, "-m", "tests.killing", str(path), digest, str(stride)],
            env=os.environ | rollcall.environment | {"PYTHONPATH": str(Path.cwd())},
            cwd=rollcall.home, capture_output=True, text=True,
        )  # fmt: skip
    assert 0 == process.returncode, process.stderr
    told = json.loads(process.stdout)
    assert 0 == told["code"] and told["kills"] > 3 * count
    items = json.loads(path.read_text())["items"]
    revokes = [item for item in items if item["action"] == "revoke"]
    assert 0 == held(rollcall, path, revokes)
    wanted = asked_for(path, revokes)
    took = [
        (method, path_.split("/", 4)[4])
        for method, path_, _, code in rollcall.sandbox.pingone.log
        if method in WRITES and "/as/" not in path_ and code < 300
    ]
    assert sorted(wanted) == sorted(took) and {*calls(rollcall)} == {*wanted}
    marks = Counter(
        mark
        for ticket in rollcall.sandbox.company.haloitsm.desk.tickets.values()
        for mark in re.findall(r"RC-[0-9a-f]{16}", ticket["summary"])
    )
    assert marks == dict.fromkeys(
        (reference(item["change_id"]) for item in items if item["action"] == "open_ticket"), 1
    )
    posts = [path_ for method, path_, *_ in rollcall.sandbox.haloitsm.log if method in WRITES]
    assert {"/api/Tickets"} == {one for one in posts if "token" not in one}
    assert [] == audit.verify(path.parent).wrong
    count_kills("apply", kills=told["kills"], changes=count)


# ---- what is known afterwards


def test_what_was_done_is_taken_into_the_warehouse_once_it_is_free(rollcall, published):
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
    """What was so already stays: the plan did not make it so."""
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
    path = planned(company)
    company.sandbox.pingone.faults += [write(), write(before=True, after=1)]
    applied(company, path)
    applied(company, path)
    log = path.parent / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    events = {json.loads(line)["event"] for line in lines}
    assert {"plan_made", "apply_begun", "begun", "answered", "unknown", "outcome"} < events
    assert [] == audit.verify(path.parent).wrong
    for at, line in enumerate(lines):
        rest = [*lines[:at], *lines[at + 1 :]]
        swapped = [*lines]
        swapped[at], swapped[at - 1] = swapped[at - 1], swapped[at]
        edited = [*lines[:at], line.replace(b"a", b"b", 1), *lines[at + 1 :]]
        for other in (rest, swapped, edited, lines[:at], [*lines[:at], line, *lines[at:]]):
            log.write_bytes(b"".join(other))
            assert audit.verify(path.parent).wrong, at


def test_no_secret_and_no_name_is_in_what_is_said_or_written(company):
    path = planned(company)
    result = applied(company, path)
    written = b"".join(file.read_bytes() for file in path.parent.glob("*.jsonl")).decode()

    secret = company.environment["PROVISION__PINGONE__CLIENT_SECRET"]
    for text in (result.out, result.err, written):
        assert secret not in text
    for name in company.column("select account_name from planned_changes"):
        assert name not in written + result.err
    assert all(file.stat().st_mode & 0o077 == 0 for file in path.parent.iterdir())
