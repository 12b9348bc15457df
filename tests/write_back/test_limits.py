"""Limits hold per day, not per plan, and nobody approves their own access."""

from __future__ import annotations

import getpass
import json
import socket

from tests.support.applying import applied, calls
from tests.support.wanted import DIRECT, wants
from tests.write_back.test_plan import planned

LIMITS = {"PLAN__MAX_CHANGES": "9", "PLAN__MAX_PERCENT_OF_GRANTS": "0"}


def test_two_plans_in_a_day_are_one_plan_for_the_limits(company):
    """Changes of the last 24 hours count, for a new plan and during an apply."""
    first = planned(company, **LIMITS)
    assert 0 == applied(company, first, **LIMITS).code
    assert 0 == applied(company, first, **LIMITS).code  # the same plan again
    wants(
        company,
        DIRECT
        + " and sha256(concat('revoke', grant_id)) not in ("
        + ", ".join(f"'{item['change_id']}'" for item in json.loads(first.read_text())["items"])
        + ")",
        count=4,
    )
    before = len(calls(company))
    result = company.run("plan", **LIMITS)
    assert 5 == result.code
    assert "4 changes beside the 6 of the last 24 hours; the limit is 9" in result.err
    second = planned(company, "--max-changes", "4", **LIMITS)
    assert 5 == applied(company, second, **LIMITS).code and before == len(calls(company))
    assert 0 == applied(company, second, "--max-changes", "4", **LIMITS).code
    assert before + 4 == len(calls(company))


def test_holders_that_lost_it_today_count(company):
    """Two plans of a day take an entitlement from no more holders than one plan may."""
    engineers = DIRECT + " and resource_name = 'Engineering'"
    limits = {"PLAN__MAX_PERCENT_OF_HOLDERS": "25"}
    wants(company, engineers, count=3)
    first = planned(company, **limits)
    assert 0 == applied(company, first, **limits).code
    done = ", ".join(f"'{item['grant_id']}'" for item in json.loads(first.read_text())["items"])
    wants(company, engineers + f" and grant_id not in ({done})", count=3)
    result = company.run("plan", **limits)

    assert 5 == result.code and "holders lose it beside the 3 of the last" in result.err


def test_the_machine_is_recorded_beside_what_is_claimed(company):
    """The actor is recorded as the machine's user and host, beside the claimed name."""
    machine = f"{getpass.getuser()}@{socket.gethostname()}"
    claim = "boss@lanternfish.example"
    for given, said in (("", machine), (claim, f"{claim} ({machine})")):
        path = planned(company, REVIEW__ACTOR=given)
        assert said == json.loads(path.read_text())["made_by"]
        last = (path.parent / "audit.jsonl").read_text().splitlines()[-1]
        assert said == json.loads(last)["actor"]
