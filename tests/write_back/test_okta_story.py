"""Okta from decisions to their proof, with the real commands; and what no plan does there."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.company.okta import AD_FINANCE, CONTRACTORS, IT_ADMINS, PAYMENTS, PAYROLL, VPN
from tests.sandbox.company.parts import okta_id
from tests.sandbox.okta.accounts import CANARY
from tests.sandbox.server import Fault
from tests.support.faults import status
from tests.support.product import Rollcall
from tests.support.wanted import busy, may_write
from tests.write_back.test_changes import Company

VERA, BACKUP, NORA, BRUNO, PAUL, FREYA, PRIYA = (
    okta_id("user", number) for number in (30, 201, 2, 33, 26, 16, 22)
)
OWNER = okta_id("user", 0)  # of the API token
POLICY = "[leavers]\ndisable_after_days = 0\n"


def member(user: str, group: int) -> str:
    return f"okta:user:{user}/okta:group:{okta_id('group', group)}:member"


def holder(user: str, role: str, scope: str = "") -> str:
    return f"okta:user:{user}/okta:role:{role}:assigned" + (f"/{scope}" if scope else "")


PAYING = member(VERA, PAYMENTS)
REPORTS = holder(BACKUP, "READ_ONLY_ADMIN")
PAYROLL_BY_NAME = f"okta:user:{VERA}/okta:application:{okta_id('app', PAYROLL)}:assigned"
BLOCKED = {
    member(BRUNO, CONTRACTORS): "rule-managed",
    member(PAUL, AD_FINANCE): "external",
    member(FREYA, IT_ADMINS): "gives an admin role",
    holder(FREYA, "HELP_DESK_ADMIN"): "inherited only: IT admins",
    holder(PRIYA, "USER_ADMIN", f"okta:group:{okta_id('group', VPN)}"): "last administrator",
}


@pytest.fixture(scope="module")
def made(published, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Return a warehouse with decisions to revoke, and the policy that leavers' accounts end."""
    company = Company(tmp_path_factory.mktemp("decided"), published.data)
    own = holder(OWNER, "SUPER_ADMIN")
    just_now = f"{datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}+00"
    wanted = (PAYING, REPORTS, PAYROLL_BY_NAME, own, *BLOCKED)
    company.campaign("q4", dict.fromkeys(wanted, "revoke"), just_now)
    (company.home / "reviews").mkdir(exist_ok=True)
    (company.home / "reviews" / "policy.toml").write_text(POLICY)
    with pytest.MonkeyPatch.context() as patch:
        return company.build(patch)


@pytest.fixture
def decided(rollcall: Rollcall, made: Company) -> Rollcall:
    """Return Rollcall with this warehouse, and the right to write."""
    shutil.copytree(made.home / "reviews", rollcall.home / "reviews")
    rollcall.warehouse.parent.mkdir(mode=0o700)
    rollcall.warehouse.write_bytes(made.file.read_bytes())
    rollcall.warehouse.chmod(0o400)
    return may_write(rollcall)


def planned(rollcall: Rollcall, *arguments: str, **settings: str) -> dict[str, Any]:
    """Return a plan, and its path."""
    result = rollcall.run("plan", *arguments, "--json", **settings)
    assert 0 == result.code, result.out + result.err
    return json.loads(Path(result.document["path"]).read_text()) | {"path": result.document["path"]}


def of_okta(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["source_name"] == "okta"]


def applied(rollcall: Rollcall, plan: dict[str, Any]) -> dict[str, str]:
    """Apply a plan, and return the outcome of each change of Okta by its account."""
    result = rollcall.run("apply", plan["path"], "--digest", plan["digest"], "--json")
    assert 0 == result.code, result.out + result.err
    outcomes = {one["change_id"]: one["outcome"] for one in result.document["items"]}
    return {
        f"{item['action']} {item['grant_id'] or item['account_id']}": outcomes[item["change_id"]]
        for item in of_okta(plan["items"])
    }


def states(rollcall: Rollcall) -> dict[str, str]:
    rows = rollcall.rows("from remediations where source_name = 'okta'")
    return {row["grant_id"] or row["account_id"]: row["state"] for row in rows}


@pytest.mark.long
def test_decisions_about_okta_are_carried_out_and_proven(decided):
    """Members and roles are revoked, a leaver is suspended, a ticket asks for an application; the
    next sync proves it, and the plan can be undone. An answer that is lost changes nothing."""
    okta = decided.sandbox.company.okta
    lost = Fault(lambda request: request.method == "DELETE", status(500))
    decided.sandbox.okta.faults = [lost]
    plan = planned(decided)
    leaver = f"okta:user:{NORA}"

    assert applied(decided, plan) == {
        f"revoke {PAYING}": "done",
        f"revoke {REPORTS}": "done",
        f"open_ticket {PAYROLL_BY_NAME}": "ticketed",
        f"disable_account {leaver}": "done",
    }
    assert (1, 2) == (lost.fired, lost.seen)  # no call was sent again
    assert "SUSPENDED" == okta.users[NORA]["status"]
    assert [] == okta.assignments[BACKUP] and [] == okta.outbox
    decided.sync("okta")
    found = states(decided)
    assert {"verified"} == {found[key] for key in (PAYING, REPORTS, leaver)}
    assert "ticketed" == found[PAYROLL_BY_NAME]
    left = "select grant_id from planned_changes where blocked_because is null"
    own = holder(okta.owner, "SUPER_ADMIN")  # which only a plan knows to be Rollcall's
    assert [own] == decided.column(f"{left} and source_name = 'okta'")

    undo = planned(decided, "--undo", plan["path"], "--because", "a test")
    done = applied(decided, undo)
    assert {"done"} == {done[key] for key in done if "ticket" not in key}, done
    assert "ACTIVE" == okta.users[NORA]["status"]
    assert (VERA, okta_id("group", PAYMENTS)) in okta.members
    assert ["READ_ONLY_ADMIN"] == [row["type"] for row in okta.assignments[BACKUP]]


def test_what_no_plan_does_in_okta_says_why(decided):
    """Rules, directories, admin groups, last administrators and our own accounts are left alone."""
    blocked = {row["grant_id"]: row for row in of_okta(planned(decided)["blocked"])}

    for grant, why in BLOCKED.items():
        assert why in blocked[grant]["blocked_because"], grant
        assert blocked[grant]["next_step"], grant
    own = holder(decided.sandbox.company.okta.owner, "SUPER_ADMIN")
    assert "own identity" == blocked[own]["blocked_because"]
    assert {*BLOCKED, own} == {*blocked}


def test_a_plan_says_what_cannot_be_undone(decided):
    """Where accounts are deactivated, the plan says so, and no plan undoes it."""
    settings = {"PROVISION__OKTA__DISABLE_BY": "deactivate"}
    assert "cannot be undone" not in decided.run("plan").out
    plan = planned(decided, **settings)
    [item] = [one for one in of_okta(plan["items"]) if one["action"] == "disable_account"]

    assert None is item["inverse_action"]
    assert 1 == decided.run("plan", **settings).out.count("cannot be undone")
    decided.environment |= settings
    with busy(decided):  # recorded later, which takes less time
        assert "done" == applied(decided, plan)[f"disable_account okta:user:{NORA}"]
    assert "DEPROVISIONED" == decided.sandbox.company.okta.users[NORA]["status"]
    undo = decided.run("plan", "--undo", plan["path"], "--because", "a test")
    assert "nothing undoes disable account" in undo.out


def test_no_token_of_okta_is_kept(decided):
    """The token that answers an activation is in no journal, log, plan or warehouse."""
    okta, leaver = decided.sandbox.company.okta, f"okta:user:{NORA}"
    decided.environment["PROVISION__OKTA__DISABLE_BY"] = "suspend_else_deactivate"
    okta.set_status(NORA, "LOCKED_OUT")
    plan = planned(decided)
    assert "done" == applied(decided, plan)[f"disable_account {leaver}"]
    assert "DEPROVISIONED" == okta.users[NORA]["status"]
    undo = planned(decided, "--undo", plan["path"], "--because", "a test")
    assert "done" == applied(decided, undo)[f"enable_account {leaver}"]

    kept = [path for path in decided.home.rglob("*") if path.is_file()]
    assert Counter(path.name for path in kept)["audit.jsonl"]
    assert [] == [path for path in kept if CANARY.encode() in path.read_bytes()]
