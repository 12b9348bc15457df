"""A watch runs what is due as soon as there is a reason, and tells each failure once.

Every run is a process of its own that builds the models, so a story has as few runs as it needs.
"""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.files.json_lines import hold_folder
from pipelines.unattended.watch import MAX_QUIET_HOURS
from tests.sandbox.charthop import feeds
from tests.sandbox.company.parts import charthop_id
from tests.sandbox.server import Fault
from tests.support.expiring import approve, ends, held_in_pingone, may_expire
from tests.support.faults import status
from tests.support.product import Rollcall
from tests.support.push_world import ADA, DEPARTMENTS, FINANCE, TITLE
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.wanted import busy
from tests.support.watching import Watching

PUSH, SYNC, EXPIRY = "push run okta", "sync charthop", "expiry run"


@pytest.fixture
def company(pushing) -> Rollcall:
    """Return the small company without push rules."""
    pushing.file.unlink()
    return pushing.rollcall


def cannot_read(rollcall: Rollcall) -> None:
    """Let ChartHop's list of persons fail."""
    fault = Fault(lambda request: "/person" in request.path, status(404), times=99)
    rollcall.sandbox.charthop.faults = [fault]


def happens(rollcall: Rollcall) -> None:
    """Add an event that changes nothing."""
    org = rollcall.sandbox.company.charthop
    feeds.happened(org, "UPDATE", "PERSON", min(org.persons), "person.update")


@pytest.mark.long
def test_an_event_leads_to_a_push_within_one_tick(pushing, monkeypatch):
    """V13: rules without an approval are told once, and HR is synced. The approval brings a push.

    A quiet tick is one request. A move in HR is pushed by the next tick, by the watch.
    """
    watching = Watching(pushing.rollcall, monkeypatch)
    watching.tick()
    assert [PUSH, SYNC] == watching.runs and [(PUSH, 5)] == watching.codes
    assert "rollcall push approve okta" in watching.told[0].failures[0]["next"]
    before = pushing.requests()
    for _ in range(3):
        assert None is watching.tick()
        assert [] == watching.said + watching.told
    assert 3 == pushing.requests() - before
    os.utime(pushing.rollcall.warehouse)  # as if another sync had published
    watching.tick()
    assert [PUSH] == watching.runs and [] == watching.codes
    assert [] == pushing.writes()

    pushing.approve()
    watching.tick()
    assert [PUSH] == watching.runs and [(PUSH, 0)] == watching.codes
    assert 3 == len(pushing.writes())

    finance = pushing.org.groups[charthop_id("group", DEPARTMENTS["Finance"])]
    feeds.move(pushing.org, charthop_id("job", ADA), finance, True, pushing.org.today)
    assert None is watching.tick()
    assert ["charthop: 2 new events", f"{PUSH}: running"] == watching.said
    assert ADA in pushing.members_of(FINANCE)
    assert ["watch", "watch"] == pushing.rollcall.column("select begun_by from pushes")
    assert [(PUSH, 0)] == watching.codes and "Ada" in "".join(watching.told[0].summary)

    pushing.write_rules(TITLE)
    watching.tick()
    assert [PUSH] == watching.runs and [(PUSH, 5)] == watching.codes


@pytest.mark.long
def test_a_source_that_fails_is_told_once_and_tried_again(company, monkeypatch):
    """Exit 4 at every tick is one message, and so is the end of the failure."""
    watching = Watching(company, monkeypatch)
    cannot_read(company)
    watching.tick()
    assert [SYNC] == watching.runs and [(SYNC, 4)] == watching.codes
    assert "charthop: GET" in watching.told[0].failures[0]["what"]
    watching.tick()
    assert [SYNC] == watching.runs and [] == watching.codes
    company.sandbox.charthop.faults.clear()
    watching.tick()
    assert [(SYNC, 0)] == watching.codes and ["it works again"] == watching.told[0].summary
    watching.tick()
    assert [] == watching.said

    must_tell_once_of_a_deaf_feed(company, watching)


def must_tell_once_of_a_deaf_feed(company: Rollcall, watching: Watching) -> None:
    """Without events a run still comes with each new day; three failures in a row are told once."""
    switches, told = company.sandbox.company.charthop.switches, []
    switches.forbidden = {"event"}
    for _ in range(5):
        assert None is watching.tick()
        told.append(watching.codes)
    assert [[], [], [("watch", None)], [], []] == told

    switches.forbidden = set()
    happens(company)
    cannot_read(company)  # a run that fails takes less time
    watching.tick()
    assert ["charthop: 1 new events", f"{SYNC}: running"] == watching.said


@pytest.mark.long
def test_a_new_day_leads_to_a_run_without_any_event(company, monkeypatch):
    """V13: when the day begins in the organisation's time zone, HR's effective dates have come."""
    zone = ZoneInfo("Pacific/Kiritimati")
    company.environment["SOURCES__CHARTHOP__TIMEZONE"] = zone.key
    now = datetime.now(zone)
    since_midnight = (now - now.replace(hour=0, minute=0, second=0)).total_seconds()
    company.sandbox.charthop.clock_error = -since_midnight - 60
    watching = Watching(company, monkeypatch)
    assert None is watching.tick() and [SYNC] == watching.runs
    assert None is watching.tick() and [] == watching.said

    company.sandbox.charthop.clock_error = 0
    assert None is watching.tick()
    assert [f"charthop: {now.date()} has begun", f"{SYNC}: running"] == watching.said


@pytest.mark.long
def test_hours_without_news_lead_to_a_run(company, monkeypatch):
    """An import may leave no events, so a run comes after some hours in any case."""
    watching = Watching(company, monkeypatch)
    watching.tick()
    watching.tick()
    assert [] == watching.runs
    watching.watch.news_at -= MAX_QUIET_HOURS * 3600
    watching.tick()
    assert [SYNC] == watching.runs


@pytest.mark.long
def test_a_lock_that_is_held_is_waited_for(pushing, monkeypatch):
    """While somebody applies a plan, each tick tries, and only the first says that it waits."""
    pushing.approve(TITLE)
    watching = Watching(pushing.rollcall, monkeypatch)
    with hold_folder(pushing.folder, "plan or apply"), busy(pushing.rollcall):
        codes = []
        for _ in range(2):
            assert None is watching.tick()
            codes.append([code for words, code in watching.codes if words == PUSH])
            assert PUSH in watching.runs
    assert [[75], []] == codes
    watching.tick()
    assert [PUSH] == watching.runs and (PUSH, 0) in watching.codes


@pytest.mark.long
def test_refused_data_is_tried_again_when_it_changes(company, monkeypatch):
    """What the guard refuses is not read every minute: only news or other data are a reason."""
    org = company.sandbox.company.charthop
    kept, org.persons = org.persons, {}
    org.touch()
    watching = Watching(company, monkeypatch)
    watching.tick()
    assert [(SYNC, 5)] == watching.codes
    watching.tick()
    assert [] == watching.said
    org.persons = kept
    org.touch()
    os.utime(company.warehouse)  # as if another sync had published
    watching.tick()
    assert [SYNC] == watching.runs and [(SYNC, 0)] == watching.codes


def test_a_wrong_rules_file_ends_the_watch(pushing, monkeypatch):
    """What trying again does not mend ends the watch with its code: here a mistake in the rules."""
    pushing.write_rules("[groups.finance]\n")
    watching = Watching(pushing.rollcall, monkeypatch)

    assert 2 == watching.tick()
    assert [(PUSH, 2), ("watch", 2)] == watching.codes


def test_a_revoked_credential_ends_the_watch(company, monkeypatch):
    """A token that HR does not accept any more ends the watch with exit code 3."""
    watching = Watching(company, monkeypatch)
    company.sandbox.company.charthop.token = "another"

    assert 3 == watching.tick()
    assert [("watch", 3)] == watching.codes and [] == watching.runs


@pytest.mark.long
def test_expired_access_ends_when_the_requests_change(rollcall, published, monkeypatch):
    """An end date that is entered today, for yesterday, is carried out by the next tick."""
    company = may_expire(rollcall.has(published))
    approve(company)
    watching = Watching(company, monkeypatch)
    watching.tick()
    assert [SYNC, EXPIRY] == watching.runs and [] == watching.codes
    happens(company)
    watching.tick()
    assert [SYNC] == watching.runs

    pairs = ends(company)
    watching.tick()
    assert [EXPIRY] == watching.runs and [(EXPIRY, 0)] == watching.codes
    assert 0 == held_in_pingone(company, pairs)
    watching.tick()
    assert [] == watching.said
