"""One setting says how old data may be, for every command that somebody relies on."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from tests.support.other_clock import date_newest_run
from tests.support.product import Rollcall
from tests.support.wanted import may_write, wants

CAMPAIGN = 'title = "Q4"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'


@pytest.fixture
def old(rollcall, published) -> Rollcall:
    """Return Rollcall with data that is thirty hours old, and with something to plan."""
    wants(may_write(rollcall.has(published)))
    date_newest_run(rollcall, timedelta(hours=-30))
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "q4.toml").write_text(CAMPAIGN)
    return rollcall


@pytest.mark.long
def test_old_data_is_refused_by_one_setting(old):
    """A plan, a campaign and an export refuse data that is older than MAX_AGE_HOURS.

    PLAN__MAX_DATA_AGE_HOURS takes its place for plans, and `max_age_hours` for a campaign.
    """
    for command in (("plan",), ("review", "open", "q4"), ("export",)):
        refused = old.run(*command)
        assert 5 == refused.code, command
        assert "more than 26 hours ago" in refused.err and "rollcall sync" in refused.err

    wider = {"MAX_AGE_HOURS": "31"}
    assert 5 == old.run("plan", PLAN__MAX_DATA_AGE_HOURS="29", **wider).code
    assert 0 == old.run("plan", **wider).code
    assert 0 == old.run("plan", PLAN__MAX_DATA_AGE_HOURS="31").code
    assert 0 == old.run("export", PLAN__MAX_DATA_AGE_HOURS="29", **wider).code
    path = old.home / "reviews" / "q4.toml"
    path.write_text(CAMPAIGN + "max_age_hours = 29\n")
    assert 5 == old.run("review", "open", "q4", MAX_AGE_HOURS="31").code

    path.write_text(CAMPAIGN + "max_age_hours = 31\n")
    assert 0 == old.run("review", "open", "q4").code


def test_a_report_of_old_data_says_so(old):
    """`report` warns of each source that is too old, on stderr and on the page."""
    made = old.run("report")
    page = (old.home / "data" / "report.html").read_text()

    assert 0 == made.code and 4 == made.err.count("more than 26 hours ago")
    assert 4 == page.count(">TOO OLD")
    assert "" == old.run("report", MAX_AGE_HOURS="31").err
    assert "TOO OLD" not in (old.home / "data" / "report.html").read_text()


def test_status_says_which_source_is_too_old(old):
    """`status` marks each source; `--check` ends with 4 and prints one line for monitoring."""
    assert 4 == old.run("status").out.count("TOO OLD")
    checked = old.run("status", "--check")
    document = old.run("status", "--check", "--json").document

    assert (4, 1, "") == (checked.code, checked.out.count("\n"), checked.err)
    assert checked.out.startswith("too old: charthop: the data is from ")
    assert (4, 26) == (document["code"], document["max_age_hours"])
    assert ["charthop", "haloitsm", "okta", "pingone"] == [*document["too_old"]]
    fresh = old.run("status", "--check", MAX_AGE_HOURS="30.5")
    assert (0, "ok: charthop 30 h ago, ") == (fresh.code, fresh.out[:23])


def test_a_source_without_complete_data_is_too_old(rollcall, published):
    """`status --check` misses no source that is configured and has no complete data."""
    rollcall.warehouse.parent.mkdir()
    none = rollcall.run("status", "--check")
    assert 4 == none.code and none.out.count("it was never read completely") == 4

    rollcall.has(published).warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        connection.execute("delete from runs where source_name = 'okta'")
        connection.execute("update runs set status = 'failed' where source_name = 'pingone'")

    found = rollcall.run("status", "--check", "--json").document
    assert (4, ["pingone", "okta"]) == (found["code"], [*found["too_old"]])


def test_data_from_the_future_is_too_old(rollcall, published):
    """A clock that was wrong makes no data fresh: `status --check` ends with 4."""
    date_newest_run(rollcall.has(published), timedelta(days=3650))

    checked = rollcall.run("status", "--check")

    assert 4 == checked.code and 4 == checked.out.count("in the future: a clock was wrong")


def test_without_sources_and_data_there_is_nothing_to_check(rollcall):
    """`status --check` where nothing is configured or published is wrong usage."""
    rollcall.environment = {"WAREHOUSE": str(rollcall.warehouse)}

    assert 2 == rollcall.run("status", "--check").code


def test_an_age_that_is_no_number_is_refused(rollcall, published):
    """MAX_AGE_HOURS must be a number."""
    rollcall.has(published)

    for value in ("a day", "-1", "inf"):
        refused = rollcall.run("status", "--check", MAX_AGE_HOURS=value)
        assert 2 == refused.code and f"MAX_AGE_HOURS: {value} is not a number" in refused.err
