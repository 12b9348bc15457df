"""Limits that a vendor announces in headers: what is waited for, and how one is never used up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from pipelines.http.policy import Counters, Policy
from pipelines.http.rate_limit import Pace, RateLimit
from pipelines.http.session import Session
from pipelines.sources.reading import Api
from tests.http.test_http import FINE, Script, ask
from tests.http.test_http import clock as clock
from tests.sandbox.server import Response, Server

CLOCK_ERROR = 3600.0  # of the vendor: only its own clock tells when a limit is reset


@pytest.fixture
def vendor() -> Iterator[Server]:
    with Server(Script()) as server:
        server.clock_error = CLOCK_ERROR
        yield server


def limited(status: int, total: int, remaining: int, resets_in: float) -> Response:
    """Return an answer that says how much is left of a limit, until when."""
    headers = {
        "X-Rate-Limit-Limit": str(total),
        "X-Rate-Limit-Remaining": str(remaining),
        "X-Rate-Limit-Reset": str(int(time.time() + CLOCK_ERROR + resets_in)),
    }
    return Response(status, FINE.body if status == 200 else b"", headers)


def test_a_used_up_limit_is_waited_for_until_its_reset(vendor, clock):
    """Without Retry-After, a 429 waits for the reset by the vendor's clock, and a second more."""
    assert {"fine": True} == ask(vendor, limited(429, 600, 0, 55), FINE)

    assert 55 <= clock.waits[0] <= 57


def test_retry_after_precedes_the_reset(vendor, clock):
    """Retry-After is followed where a response has both."""
    both = limited(429, 600, 0, 55)
    both.headers["Retry-After"] = "3"

    assert ask(vendor, both, FINE)
    assert 3 == clock.waits[0]


@pytest.mark.parametrize("status, remaining", [(503, 0), (429, 5)])
def test_a_limit_that_is_not_used_up_is_not_waited_for(vendor, clock, status, remaining):
    """The reset counts only for a 429 whose limit is used up; else the default wait is taken."""
    assert ask(vendor, limited(status, 600, remaining, 55), FINE, wait=2)

    assert 1 <= clock.waits[0] <= 2


def test_too_many_at_a_time_waits_briefly_and_sends_fewer(vendor, clock):
    """A 429 about concurrency waits one or two seconds, and halves the requests at a time."""
    vendor.vendor.answers = [limited(429, 0, 0, 55), FINE]
    session = Session("vendor", vendor.url, Policy(concurrency=4), Counters())
    assert Api(vendor.url, session).get("things")

    assert 1 <= clock.waits[0] <= 2
    assert 2 == session.pace.at_a_time


def test_requests_at_a_time_are_halved_once_per_refusal(clock):
    """Requests that are refused together halve the number at a time once, down to one."""
    pace = Pace(0, at_a_time=8)
    found = []
    for _ in range(4):
        pace.run_fewer(RateLimit(total=0, remaining=0, resets_in=9))
        pace.run_fewer(RateLimit(total=0, remaining=0, resets_in=9))
        found.append(pace.at_a_time)
        clock.now += 5
    pace.run_fewer(RateLimit(total=600, remaining=0, resets_in=9))

    assert [4, 2, 1, 1] == found


def test_only_so_many_requests_run_at_a_time():
    """A turn waits until another one ends, once all are taken."""
    pace, began, ends = Pace(0, at_a_time=2), threading.Semaphore(0), threading.Event()
    seen = []

    def take() -> None:
        with pace.turn():
            seen.append(pace.running)
            began.release()
            ends.wait()

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    began.acquire()
    began.acquire()
    ends.set()
    for thread in threads:
        thread.join()

    assert (5, 2, 0) == (len(seen), max(seen), pace.running)


@pytest.mark.parametrize(
    "total, remaining, resets_in, pause",
    [
        (600, 61, 300, 0),
        (600, 60, 300, 301 / 61),
        (600, 9, 300, 30.1),
        (600, 0, 30, 31),
        (600, 0, -20, 1),
        (600, 0, 9999, 60),
        (0, 0, 30, 0),
    ],
)
def test_the_rest_of_a_limit_is_spread_until_its_reset(
    vendor, clock, total, remaining, resets_in, pause
):
    """From a tenth of a limit on, requests wait for their share of the time until its reset."""
    vendor.vendor.answers = [limited(200, total, remaining, resets_in)]
    api = Api(vendor.url, Session("vendor", vendor.url, Policy(requests_per_second=0), Counters()))
    api.get("things")
    api.get("things")

    assert pytest.approx(pause, rel=0.1) == sum(clock.waits)


@pytest.mark.parametrize("header", ["Limit", "Remaining", "Reset"])
@pytest.mark.parametrize("text", ["", "soon", "1.5"])
def test_a_limit_that_cannot_be_read_is_none(vendor, clock, header, text):
    """A missing or unreadable limit header leads to the default wait."""
    answer = limited(429, 600, 0, 55)
    answer.headers[f"X-Rate-Limit-{header}"] = text

    assert ask(vendor, answer, FINE, wait=2)
    assert 1 <= clock.waits[0] <= 2
