"""A watch that gets a signal finishes the change at hand and ends with 0, whatever it was doing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.sandbox.charthop import feeds
from tests.sandbox.server import Fault, Request, Response
from tests.support.product import Rollcall
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import WRITES


def watch_until(
    rollcall: Rollcall,
    source: str,
    matches: Callable[[Request], bool],
    number: int,
    **settings: str,
) -> subprocess.Popen[str]:
    """Run a watch that gets a signal while a vendor answers a request; return its process."""
    started: list[subprocess.Popen[str]] = []

    def strike(request: Request, honest: Response | None) -> Response:
        started[0].send_signal(number)
        return honest

    rollcall.sandbox.servers[source].faults.append(Fault(matches, strike))
    started.append(rollcall.start("watch", "--every", "10", **settings))
    started[0].said = started[0].communicate(timeout=500)
    return started[0]


@pytest.mark.long
def test_a_stopped_watch_finishes_the_change_at_hand(pushing):
    """V13: SIGTERM in the middle of a change: it has an outcome, the rest waits, and exit 0."""
    pushing.approve()
    is_write = lambda one: one.method in WRITES  # noqa: E731
    ended = watch_until(pushing.rollcall, "okta", is_write, signal.SIGTERM)

    assert (0, 1) == (ended.returncode, len(pushing.writes())), ended.said
    assert ["done"] == [facts["outcome"] for facts in pushing.records("outcome")]
    [run] = pushing.records("push_ended")
    assert (3, 1, 2, 7) == tuple(run[name] for name in ("changes", "done", "failed", "code"))
    left = pushing.run("run", "--dry-run", "--no-sync", "--json").document
    assert 2 == len(left["items"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_watch_that_is_stopped_in_a_sync_ends(rollcall, published, number):
    """A signal abandons a sync as it does without a watch; the published data stays."""
    before = rollcall.has(published).warehouse.stat().st_mtime_ns
    ended = watch_until(rollcall, "charthop", lambda one: "/person" in one.path, number)

    assert 0 == ended.returncode and "nothing was published" in ended.said[1]
    assert before == rollcall.warehouse.stat().st_mtime_ns


@pytest.mark.long
def test_a_real_watch_hears_an_event(rollcall, published):
    """The command itself ticks: the event of a running watch leads to a second sync."""
    org = rollcall.has(published).sandbox.company.charthop
    happened: list[int] = []

    def enter(request: Request, honest: Response | None) -> Response:
        """Enter something in HR as soon as the watch has nothing to do but ask."""
        if not happened and rollcall.sandbox.charthop.count(contains="/person"):
            happened.append(len(rollcall.sandbox.charthop.log))
            feeds.happened(org, "UPDATE", "PERSON", min(org.persons), "person.update")
        return honest

    rollcall.sandbox.charthop.faults.append(Fault(lambda one: "/event" in one.path, enter, 99))
    ended = watch_until(
        rollcall, "charthop", lambda one: bool(happened) and "/person" in one.path, signal.SIGTERM
    )

    assert 0 == ended.returncode and "charthop: 1 new events" in ended.said[1], ended.said
