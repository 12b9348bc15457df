"""From a decision to its proof, and what follows if the proof fails, with the real commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.company.parts import pingone_id
from tests.support.product import Rollcall
from tests.write_back.test_changes import Company, group, user

NETWORK = "haloitsm:agent:25/haloitsm:team:2:member"
SAM, ADA = f"{user(15)}/{group(5)}", f"{user(4)}/{group(1)}"
NO_WAITING = {
    f"PROVISION__{source}__{name}": "0"
    for source in ("HALOITSM", "OKTA", "PINGONE")
    for name in ("REQUESTS_PER_SECOND", "SETTLE_SECONDS")
} | {
    "APPLY__CHANGES_PER_SECOND": "0",
    "APPLY__SETTLE_SECONDS": "0",
    "PLAN__MAX_PERCENT_OF_HOLDERS": "100",
}


@pytest.fixture
def decided(rollcall: Rollcall, published, monkeypatch) -> Rollcall:
    """Return Rollcall with three new revocations: two by API, one of a team by a ticket."""
    home = rollcall.home / "decided"
    home.mkdir()
    made = Company(home, published.data)
    just_now = f"{datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}+00"
    made.campaign("q4", dict.fromkeys((SAM, ADA, NETWORK), "revoke"), just_now)
    made.build(monkeypatch)
    rollcall.environment |= rollcall.sandbox.write_environment() | NO_WAITING
    rollcall.warehouse.parent.mkdir(mode=0o700)
    rollcall.warehouse.write_bytes(made.file.read_bytes())
    rollcall.warehouse.chmod(0o400)
    return rollcall


def states(rollcall: Rollcall) -> dict[str, str]:
    return {
        row["grant_id"]: row["state"]
        for row in rollcall.rows("select grant_id, state from remediations")
    }


def to_do(rollcall: Rollcall) -> list[dict[str, Any]]:
    return rollcall.rows("from planned_changes where blocked_because is null order by action")


def carried_out(rollcall: Rollcall) -> list[str]:
    """Apply a plan, check that all of it was done, and return its actions."""
    plan = rollcall.run("plan", "--json")
    assert 0 == plan.code, plan.out
    path = Path(plan.document["path"])
    result = rollcall.run("apply", str(path), "--digest", plan.document["digest"])
    assert 0 == result.code, result.err
    return sorted(item["action"] for item in plan.document["items"])


@pytest.mark.long
def test_every_decision_is_followed_to_its_proof(decided):
    """Every decision is followed to its proof, and opened again where the proof does not hold."""
    company = decided.sandbox.company
    desk, teams = company.haloitsm.desk, company.haloitsm.memberships

    assert {"planned"} == {*states(decided).values()}
    assert ["open_ticket", "revoke", "revoke"] == carried_out(decided)
    assert {SAM: "applied", ADA: "applied", NETWORK: "ticketed"} == states(decided)
    assert [] == to_do(decided)

    decided.sync("pingone", "haloitsm")
    assert {SAM: "verified", ADA: "residual", NETWORK: "ticketed"} == states(decided)
    [ticket] = decided.rows("from tickets")
    assert ("open", "haloitsm:agent:25") == (ticket["status"], ticket["account_id"])
    [proof] = decided.rows(f"from remediations where grant_id = '{SAM}'")
    [run] = decided.rows("from runs where source_name = 'pingone' order by started_at desc limit 1")
    assert (run["run_id"], True) == (proof["verified_run_id"], proof["is_on_time"])

    # Somebody does what the ticket asks for
    gone = [row for row in teams if (row["agent_id"], row["team_id"]) == (25, 2)]
    teams[:] = [row for row in teams if row not in gone]
    decided.sync("haloitsm")
    assert "verified" == states(decided)[NETWORK]
    assert ["close_ticket"] == [change["action"] for change in to_do(decided)]

    # The ticket is closed; then both grants come back
    [number] = [key for key, one in desk.tickets.items() if "[RC-" in one["summary"]]
    desk.act({"ticket_id": number, "outcome": "Note", "note": "taken out", "new_status": 24})
    teams += gone
    company.pingone.add_member(pingone_id("user", 15), pingone_id("group", 5))
    decided.sync("pingone", "haloitsm")
    assert {SAM: "regranted", ADA: "residual", NETWORK: "regranted"} == states(decided)
    assert [("closed", "taken out")] == [
        (one["status"], one["last_note"]) for one in decided.rows("from tickets")
    ]
    again = to_do(decided)
    assert ["reopen_ticket", "revoke"] == [change["action"] for change in again]
    assert f"haloitsm:ticket:{number}" in again[0]["expected_state"]
    assert again[1]["change_id"] != proof["change_id"]
