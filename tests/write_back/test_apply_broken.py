"""Applying a plan: how it continues after each kind of failure."""

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

from pipelines.sources.haloitsm.ticket_text import make_reference
from pipelines.write_back import audit_log
from tests.sandbox.server import Request
from tests.support.applying import WRITES, applied, asked_for, calls, held, journal, write
from tests.support.counted import count as count_kills
from tests.support.faults import status
from tests.support.wanted import busy, many, may_write
from tests.write_back.test_plan import planned


def test_a_lost_answer_is_looked_for_and_not_asked_again(company):
    """A lost answer leads to a read, not to a second call."""
    path = planned(company)
    fault = write()
    company.sandbox.pingone.faults.append(fault)
    result = applied(company, path, "--json")

    assert (1, 0, {"done": 6}) == (fault.fired, result.code, result.document["counts"])
    assert 6 == len(calls(company))
    assert "unknown" in [record["event"] for record in journal(path)]


def test_a_call_that_may_have_happened_is_not_repeated(company):
    """A call that may have happened is not repeated by the same run.

    It did not happen here: the next run finds that out, and makes the call.
    """
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True))
    result = applied(company, path, "--json")

    assert (7, {"open": 1, "done": 5}) == (result.code, result.document["counts"])
    assert 6 == len(calls(company))
    again = applied(company, path, "--json")
    assert (0, {"done": 6}) == (again.code, again.document["counts"])
    assert 7 == len(calls(company))


def test_a_call_that_was_turned_away_unread_is_sent_again(company):
    """A call that was rejected unprocessed is sent again."""
    path = planned(company)
    company.sandbox.pingone.faults += [
        write(before=True, effect=status(429, **{"retry-after": "0"})),
        write(before=True, after=2, effect=status(401)),
    ]
    assert 0 == applied(company, path).code
    assert (8, 0) == (len(calls(company)), held(company, path))


def test_an_effect_that_shows_late_is_waited_for(company):
    """An effect that becomes visible late is waited for."""
    path = planned(company)
    company.sandbox.company.pingone.switches.read_lag = 0.4
    result = applied(company, path, "--json", APPLY__SETTLE_SECONDS="10")

    assert (0, {"done": 6}) == (result.code, result.document["counts"])
    assert 6 == len(calls(company))


def test_an_accepted_call_that_does_not_show_is_not_sent_again(company):
    """A call that was accepted is never sent again, although its effect does not show."""
    path = planned(company)
    company.sandbox.company.pingone.switches.read_lag = 9999
    first = applied(company, path, "--json", APPLY__STOP_AFTER="0", APPLY__STOP_AT_PERCENT="100")
    again = applied(company, path, "--json", APPLY__STOP_AFTER="0", APPLY__STOP_AT_PERCENT="100")

    assert (7, {"open": 6}) == (first.code, first.document["counts"])
    assert (7, {"failed": 6}) == (again.code, again.document["counts"])
    assert 6 == len(calls(company))


def test_a_refusal_is_told_with_its_reason_and_the_rest_is_done(company):
    """A refusal is reported with its reason, and the other changes are made."""
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True, effect=status(403), after=1))
    result = applied(company, path, "--json")

    assert (7, {"done": 5, "failed": 1}) == (result.code, result.document["counts"])
    assert "403" in json.dumps(result.document)
    assert 0 == applied(company, path).code  # the missing right was given


def test_after_three_failures_in_a_row_it_stops(company):
    """Three failures in a row stop the apply."""
    path = planned(company)
    company.sandbox.pingone.faults.append(write(before=True, times=99))
    result = applied(company, path, "--json")

    assert 7 == result.code and "in a row" in result.document["stopped"]
    assert {"open": 3, "not_tried": 3} == result.document["counts"]
    assert 3 == len(calls(company))


def test_a_signal_lets_the_change_at_hand_come_to_its_end(company):
    """A signal lets the current change finish, and the next run continues from there."""
    path = planned(company)

    def interrupt(_: Request, answer: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return answer

    company.sandbox.pingone.faults.append(write(after=1, effect=interrupt))
    result = applied(company, path, "--json")

    assert (7, {"done": 2, "not_tried": 4}) == (result.code, result.document["counts"])
    assert 0 == applied(company, path).code
    assert sorted(asked_for(path)) == sorted(calls(company))


def test_killed_at_every_step_it_ends_at_the_state_of_the_plan(rollcall, published):
    """An apply killed at every step ends at the state of the plan.

    No completed call is repeated, no ticket exists twice, and nothing outside the plan is called.
    The long suite kills two hundred changes at every step. Otherwise changes are killed at every
    ninth step, each from another step on.
    """
    count = int(os.environ.get("ROLLCALL_APPLIED", "2"))
    stride = 9 if count < 100 else 1
    many(may_write(rollcall.has(published)), count)
    rollcall.environment |= {"PLAN__MAX_CHANGES": "999", "PLAN__FEW_HOLDERS": "999"}
    path = planned(rollcall)
    digest = json.loads(path.read_text())["digest"]
    with busy(rollcall):
        process = subprocess.run(
            [sys.executable, "-m", "tests.support.killing", str(path), digest, str(stride)],
            env=os.environ | rollcall.environment | {"PYTHONPATH": str(Path.cwd())},
            cwd=rollcall.home,
            capture_output=True,
            text=True,
        )
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
        (make_reference(item["change_id"]) for item in items if item["action"] == "open_ticket"), 1
    )
    posts = [path_ for method, path_, *_ in rollcall.sandbox.haloitsm.log if method in WRITES]
    assert {"/api/Tickets"} == {one for one in posts if "token" not in one}
    assert [] == audit_log.verify_log(path.parent).wrong
    count_kills("apply", kills=told["kills"], changes=count)
