"""Runs keep their order, and ages, "today" and cursors follow a clock that is right."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.sandbox.company.parts import okta_id
from tests.support.other_clock import date_newest_run, write_site
from tests.support.product import Rollcall
from tests.support.wanted import may_write, wants
from tests.sync.test_incremental import silent
from tests.sync.test_sync import assert_published_is_true

YEARS = 3650
NEWEST = "select max(started_at) from runs"


def sync_at(rollcall: Rollcall, days: float, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a sync on a machine whose clock is so many days ahead."""
    site = write_site(rollcall.home / f"clock{days}", days)
    process = rollcall.start("sync", *arguments, PYTHONPATH=f"{site}:{Path.cwd()}")
    out, err = process.communicate()
    return subprocess.CompletedProcess([], process.returncode, out, err)


def revoke_a_role(rollcall: Rollcall) -> None:
    """Revoke a user's role without a sign in the audit feed or in a list."""
    pingone = silent(rollcall)
    user = next(key for key in sorted(pingone.assignments) if key in pingone.users)
    pingone.remove_assignment(user, pingone.assignments[user][0]["id"])


def test_a_vendors_wrong_clock_hides_no_removal(rollcall, published):
    """A vendor's `Date` years ahead is ignored, so the audit feed is read from today."""
    rollcall.has(published)
    rollcall.sandbox.pingone.clock_error = YEARS * 86_400.0
    said = rollcall.sync("pingone", "--full")
    rollcall.sandbox.pingone.clock_error = 0.0
    assert "pingone: its clock says" in said.err

    pingone = rollcall.sandbox.company.pingone
    user = next(key for key in sorted(pingone.assignments) if key in pingone.users)
    pingone.remove_assignment(user, pingone.assignments[user][0]["id"])
    rollcall.sync("pingone")

    assert_published_is_true(rollcall)
    modes = rollcall.column("select mode from runs where source_name = 'pingone' order by run_id")
    assert "incremental" == modes[-1]


@pytest.mark.long
def test_a_run_in_the_future_is_refused(rollcall, published):
    """A sync refuses a warehouse from the future, and continues after the exact acceptance."""
    rollcall.has(published)
    ahead = sync_at(rollcall, YEARS, "--full")
    assert 0 == ahead.returncode, ahead.stderr
    [newest] = rollcall.column(NEWEST)
    assert newest > datetime.now(UTC) + timedelta(days=3600)
    before = rollcall.rows("from grants_history order by all")
    revoke_a_role(rollcall)

    status = rollcall.run("status")
    assert "in the future" in status.out and " -" not in status.out
    refused = rollcall.run("sync", "--json")
    assert 5 == refused.code
    flag = f"clock:{newest:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert flag in refused.document["failures"][0]["next"]
    assert before == rollcall.rows("from grants_history order by all")
    assert 5 == rollcall.run("sync", "--accept", "clock:2036-01-01T00:00:00.000000Z").code

    rollcall.sync("--accept", flag)

    now = datetime.now(UTC)
    assert now - timedelta(minutes=5) < rollcall.column(NEWEST)[0] <= now
    assert_published_is_true(rollcall)
    for table in ("people", "accounts", "entitlements", "grants", "findings"):
        moments = "first_seen_at, valid_from, coalesce(valid_to, valid_from)"
        [last] = rollcall.column(f"select max(greatest({moments})) from {table}_history")
        assert last <= now, table
        assert [] == rollcall.rows(f"from {table}_history where valid_to <= valid_from"), table
    assert 1 == len(rollcall.rows("from grants_history where valid_to is not null"))
    assert {flag} == {*rollcall.column("select accepted from runs where accepted is not null")}
    modes = rollcall.column(
        "select mode from runs where source_name = 'pingone' order by started_at"
    )
    assert "full" == modes[-1]
    assert 0 == rollcall.run("sync").code


@pytest.mark.parametrize("command", [("plan",), ("review", "open", "q4"), ("export",)])
def test_data_from_the_future_is_not_fresh(rollcall, published, command):
    """No plan, campaign or export is made from data that a wrong clock dates years ahead."""
    wants(may_write(rollcall.has(published)))
    date_newest_run(rollcall, timedelta(days=YEARS))
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "q4.toml").write_text(
        'title = "Q4"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'
    )

    refused = rollcall.run(*command)

    assert (5, True) == (refused.code, "in the future" in refused.err), refused.err


def test_data_from_the_future_may_be_exported_as_stale(rollcall, published):
    """`export --allow-stale` writes such data, and the manifest names the sources."""
    date_newest_run(rollcall.has(published), timedelta(days=YEARS))

    result = rollcall.run("export", "--allow-stale", "--json")

    assert 0 == result.code
    assert ["charthop", "haloitsm", "okta", "pingone"] == result.document["stale_accepted"]


def test_a_sign_in_in_the_future_shows_no_use(rollcall, published):
    """A last sign-in of tomorrow's year is told by the sync, and its account is dormant."""
    okta = rollcall.has(published).sandbox.company.okta
    ada = okta_id("user", 4)
    okta.users[ada]["lastLogin"] = "2099-05-01T08:00:00.000Z"
    okta.touch()

    said = rollcall.sync("okta").err

    assert "okta: the last sign-in of 1 accounts lies in the future (up to 2099-05-01)" in said
    [evidence] = rollcall.column(
        "select evidence from findings where finding_type = 'dormant_account'"
        f" and account_id = 'okta:user:{ada}'"
    )
    assert "dated 2099-05-01, in the future" in evidence
