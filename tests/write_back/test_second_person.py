"""A second person approves a plan: who counts as one, and where the approval is recorded.

Whoever applies the plan sees who and what is changed.
"""

from __future__ import annotations

import getpass
import json

import pytest

from tests.support.applying import applied, calls, journal
from tests.write_back.test_plan import changed, planned

GRACE, HENRIK = "grace.okoye@lanternfish.example", "henrik.dahl@lanternfish.example"
JOAN = "joan.diaz@lanternfish.example"  # has decided on every change of the plan
POLICY = f'[approval]\napprovers = ["{GRACE}", "Henrik.Dahl@lanternfish.example", "{JOAN}"]\n'


@pytest.fixture
def controlled(company):
    """Return the company with a policy that asks for the approval of a second person."""
    folder = company.home / "reviews"
    folder.mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    return company


def test_a_second_person_is_asked_for_and_recorded(controlled):
    """Without an approver nothing is changed; the claim is in audit log, journal and output."""
    path = planned(controlled, REVIEW__ACTOR="plan@lanternfish.example")
    apply = {"REVIEW__ACTOR": f"Henrik <{HENRIK}>"}
    wrong = {
        (): "policy.toml asks for the approval of a second person",
        ("--approved-by", "ada.park@lanternfish.example"): "none of the approvers",
        ("--approved-by", HENRIK.upper()): "the same person applies the plan",
        ("--approved-by", JOAN): "the same person decided on a change",
    }
    for flags, why in wrong.items():
        refused = applied(controlled, path, *flags, **apply)
        assert (5, True) == (refused.code, why in refused.err), refused.err
        assert "next: let " in refused.err and "@" not in refused.err
    assert 2 == applied(controlled, path, "--approved-by", "grace", **apply).code
    assert 2 == controlled.run("apply", str(path), "--approved-by", GRACE).code
    assert [] == calls(controlled) and [] == journal(path)

    done = applied(controlled, path, "--approved-by", f" {GRACE.upper()}", **apply)

    assert 0 == done.code, done.err
    assert f"approved by {GRACE}, as whoever applied the plan says" in done.out
    [begun] = [one["facts"] for one in journal(path) if one["event"] == "apply_begun"]
    assert (GRACE, None) == (begun["approved_by"], begun["approval"])
    log = [json.loads(line) for line in (path.parent / "audit.jsonl").read_text().splitlines()]
    [begun] = [one["facts"] for one in log if one["event"] == "apply_begun"]
    assert GRACE == begun["approved_by"]
    for item in json.loads(path.read_text())["items"]:
        line = f"done: revoke: pingone: {item['account_name']}, {item['entitlement_name']}\n"
        assert line in done.out and line in done.err  # as it happens, and after


def test_nobody_is_the_second_person_of_an_own_plan(company):
    """Who made the plan, whose access it changes, and the user who applies it approve nothing."""
    path = planned(company, REVIEW__ACTOR="plan@lanternfish.example")
    [holder, *_] = company.column(
        "select lower(work_email) from people join accounts using (person_id)"
        f" where account_id in ({', '.join(repr(one) for one in accounts(path))})"
    )
    user = f"{getpass.getuser()}@lanternfish.example"
    wrong = {
        "plan@lanternfish.example": "the same person made the plan",
        holder: "the plan changes the access of the same person",
        user: "the same person applies the plan",
    }
    for mail, why in wrong.items():
        refused = applied(company, path, "--approved-by", mail)
        assert (5, True) == (refused.code, why in refused.err), refused.err
    assert [] == calls(company)


def test_a_policy_that_lost_its_approvers_is_refused(controlled):
    """Approvers who are published and no longer in the file are missed, not forgotten."""
    path = planned(controlled)
    changed(
        controlled, "create or replace table policy.approvers as select 'x@example.com' as approver"
    )
    (controlled.home / "reviews" / "policy.toml").write_text("[leavers]\n", encoding="utf-8")

    refused = applied(controlled, path)

    assert (5, True) == (refused.code, "names no approvers any more" in refused.err), refused.err


def accounts(path) -> list[str]:
    return [item["account_id"] for item in json.loads(path.read_text())["items"]]
