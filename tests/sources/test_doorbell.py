"""A doorbell hears each event of ChartHop once, for one request, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.failures import Denied, Unreadable
from pipelines.http.policy import Counters
from pipelines.sources import charthop
from pipelines.sources.charthop.doorbell import Doorbell
from tests.sandbox.charthop import feeds
from tests.sandbox.server import Fault
from tests.support.faults import silent, status


@pytest.fixture
def org(sandbox):
    """Return the organisation, with its first event."""
    happens(sandbox.company.charthop)
    return sandbox.company.charthop


@pytest.fixture
def bell(sandbox, org) -> Doorbell:
    return connect(sandbox)


def connect(sandbox, timezone: str = "Europe/Oslo", page_size: int = 1000) -> Doorbell:
    return Doorbell(
        charthop.connect(
            org_id=sandbox.company.charthop.slug,
            api_token=sandbox.company.charthop.token,
            base_url=sandbox.charthop.url,
            timezone=timezone,
            page_size=page_size,
            requests_per_second=0,
            concurrency=2,
            counters=Counters(),
        )
    )


def happens(org, at: datetime | None = None) -> None:
    """Add an event, at a moment of its own or at `at`."""
    feeds.happened(org, "UPDATE", "PERSON", "65f0aaaa0000000000000001", "person.update")
    if at:
        [*org.events.values()][-1]["at"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_each_event_is_heard_once_for_one_request(sandbox, org, bell):
    """What was there before is no news; later events are, once, and silence costs one request."""
    assert 0 == bell.ring()
    happens(org)
    happens(org)
    assert [2, 0, 0] == [bell.ring() for _ in range(3)]
    assert 4 == len(sandbox.charthop.log)


def test_an_event_that_comes_late_is_heard(org, bell):
    """An event is news by its id, although a newer one was there before it."""
    happens(org)
    assert 0 == bell.ring()
    happens(org, at=datetime.now(UTC) - timedelta(minutes=5))
    assert 1 == bell.ring()


@pytest.mark.parametrize("wrong", [timedelta(hours=-20), timedelta(hours=20)], ids=str)
def test_a_wrong_clock_of_the_vendor_hides_no_event(sandbox, org, bell, wrong):
    """Whatever time its answers say, ChartHop's events count by their own times and ids."""
    sandbox.charthop.clock_error = wrong.total_seconds()
    assert 0 == bell.ring()
    for _ in range(2):
        happens(org)
        assert 1 == bell.ring()


def test_an_event_of_the_future_hides_no_other(org, bell):
    """One event with a wrong date does not make the doorbell wait for that date."""
    happens(org, at=datetime.now(UTC) + timedelta(days=900))
    assert 0 == bell.ring()
    happens(org, at=datetime.now(UTC))
    assert 1 == bell.ring()


def test_a_tenant_that_counts_milliseconds_costs_one_request(sandbox, org, bell):
    """The spelling of a time that ChartHop refuses is tried once, and not with each call."""
    org.switches.event_from = "epoch"
    assert [0, 0, 0] == [bell.ring() for _ in range(3)]
    assert [400, 200, 200, 200] == [code for *_, code in sandbox.charthop.log]


def test_pages_of_events_are_all_read(sandbox, org):
    """An import leaves more events than a page has; all are heard in one call."""
    bell = connect(sandbox, page_size=3)
    assert 0 == bell.ring()
    for _ in range(10):
        happens(org)
    assert [10, 0] == [bell.ring(), bell.ring()]


def test_what_is_remembered_does_not_grow(org, bell):
    """Only the ids of the last answer are kept, not those of weeks."""
    bell.ring()
    for key in [*org.events]:
        org.events[key]["at"] = "2026-01-01T00:00:00Z"
    happens(org)
    assert [1, 0] == [bell.ring(), bell.ring()]
    assert 1 == len(bell.seen)


@pytest.mark.parametrize("effect", [status(503), status(202), status(429, Retry_After="0")])
def test_a_failed_call_is_not_repeated(sandbox, bell, effect):
    """A call that fails is one request: the next call asks again, and hears what it missed."""
    bell.ring()
    sandbox.charthop.faults.append(Fault(lambda _: True, effect))
    happens(sandbox.company.charthop)
    with pytest.raises(Unreadable):
        bell.ring()
    assert 2 == len(sandbox.charthop.log)
    assert 1 == bell.ring()


def test_a_host_that_is_silent_ends_the_call(sandbox, bell, monkeypatch):
    """A call has a deadline of its own, and is not repeated either."""
    monkeypatch.setattr("pipelines.sources.charthop.doorbell.SECONDS", 0.2)
    bell = connect(sandbox)
    sandbox.charthop.faults.append(Fault(lambda _: True, silent))
    with pytest.raises(Unreadable):
        bell.ring()
    assert 1 == bell.counters.requests


def test_the_day_is_that_of_the_organisation(sandbox, org):
    """A day begins in the organisation's time zone: at no moment both zones have the same day."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert datetime.now(ZoneInfo(zone)).date() == connect(sandbox, zone).today()


def test_a_day_has_begun_by_both_clocks(sandbox, bell):
    """While ChartHop's clock is still before midnight, our clock may be the wrong one."""
    now = datetime.now(ZoneInfo("Europe/Oslo"))
    midnight = now.replace(hour=0, minute=0, second=0)
    sandbox.charthop.clock_error = -((now - midnight).total_seconds() + 60)
    bell.ring()
    assert now.date() - timedelta(days=1) == bell.today()
    sandbox.charthop.clock_error = 0
    bell.ring()
    assert now.date() == bell.today()
    sandbox.charthop.clock_error = 20 * 3600
    bell.ring()
    assert now.date() == bell.today()


def test_a_forbidden_feed_still_tells_the_time(sandbox, org, bell):
    """A refusal has a date, too: without events a day begins all the same."""
    now = datetime.now(ZoneInfo("Europe/Oslo"))
    midnight = now.replace(hour=0, minute=0, second=0)
    org.switches.forbidden = {"event"}
    for error in (-((now - midnight).total_seconds() + 60), 0.0):
        sandbox.charthop.clock_error = error
        with pytest.raises(Denied):
            bell.ring()
        day = now.date() - timedelta(days=1) if error else now.date()
        assert day == bell.today()
