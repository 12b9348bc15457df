"""A push that is stopped or killed leaves a record, and the next one goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.sandbox.server import Fault, Request, Response
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import WRITES, Pushing


def stop_at_first_write(pushing: Pushing, number: int, **settings: str) -> subprocess.Popen[str]:
    """Run a push that gets a signal while Okta makes its first change, and return its process."""
    started: list[subprocess.Popen[str]] = []

    def strike(request: Request, honest: Response | None) -> Response:
        os.kill(started[0].pid, number)
        return honest

    is_write: Callable[[Request], bool] = lambda request: request.method in WRITES  # noqa: E731
    pushing.rollcall.sandbox.okta.faults = [Fault(is_write, strike)]
    started.append(pushing.rollcall.start("push", "run", "okta", **settings))
    started[0].communicate(timeout=500)
    return started[0]


@pytest.mark.long
def test_a_stopped_push_finishes_the_change_at_hand(pushing):
    """SIGTERM: the change has an outcome, the run ends with 7, and the next one does the rest."""
    pushing.approve()
    ended = stop_at_first_write(pushing, signal.SIGTERM)

    assert (7, 1) == (ended.returncode, len(pushing.writes()))
    assert ["done"] == [facts["outcome"] for facts in pushing.records("outcome")]
    [run] = pushing.records("push_ended")
    assert (3, 1, 2, 7) == tuple(run[name] for name in ("changes", "done", "failed", "code"))
    [row] = pushing.rollcall.rows("from pushes")
    assert 7 == row["code"]

    assert 0 == pushing.run("run").code
    assert 3 == len(pushing.writes())


@pytest.mark.long
def test_a_killed_push_has_a_row_without_an_end(pushing):
    """SIGKILL: the begun push has no end, and the next one makes no change twice."""
    pushing.approve()
    assert -signal.SIGKILL == stop_at_first_write(pushing, signal.SIGKILL).returncode
    assert "it has no end" in pushing.run("status").out

    assert 0 == pushing.run("run").code
    assert 3 == len(pushing.writes())
    killed, ended = pushing.rollcall.rows("from pushes order by push_id")
    assert (None, None, 0) == (killed["ended_at"], killed["code"], ended["code"])
