"""Random companies, changes and faults: what is published with exit code 0 is true.

ROLLCALL_HISTORIES=1000 makes more histories, ROLLCALL_SYNCED=50 more of those that are synced one
by one.
"""

from __future__ import annotations

import os

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.sandbox import Sandbox
from tests.support.counted import count
from tests.support.faults import quick
from tests.support.histories import (
    SOURCES,
    SYNCS,
    History,
    Truth,
    histories,
    strike,
    together,
    truths,
)
from tests.support.many import Many, said
from tests.support.product import FAST, Rollcall
from tests.sync.test_guard import arguments, cure_of

HISTORIES = int(os.environ.get("ROLLCALL_HISTORIES", "3"))
SYNCED = int(os.environ.get("ROLLCALL_SYNCED", "1"))
AT_ONCE = 50  # histories that share one build
TABLES = ("accounts", "entitlements", "grants")


def drawn(batch: int, count: int) -> list[History]:
    """Return so many histories, the same ones for the same batch."""
    found: list[History] = []

    @seed(batch)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(histories())
    def draw(history: History) -> None:
        found.append(history)

    draw()
    return found


@pytest.mark.parametrize("batch", range(-(-HISTORIES // AT_ONCE)))
def test_random_histories_build_true_tables(batch, tmp_path, monkeypatch):
    """The tables built from a random history are true, whatever happens and whatever fails."""
    quick(monkeypatch)
    many = drawn(batch, min(AT_ONCE, HISTORIES - batch * AT_ONCE))
    with monkeypatch.context() as patch, Sandbox(many[0].world().company) as sandbox:
        for name, value in (sandbox.environment() | FAST).items():
            patch.setenv(name, value)
        for name, value in many[0].settings().items():
            patch.setenv(name, value)
        patch.chdir(tmp_path)
        company = Many(many, tmp_path, sandbox)
        for number in range(SYNCS):
            company.sync(number)
        company.full()
        company.must_have_been_true()
    count(
        "histories that share a build",
        histories=len(many),
        syncs=len(many) * (SYNCS + 1),
        cells=company.cells,
        wrong=0,
    )


@pytest.mark.long
@pytest.mark.parametrize("batch", range(-(-SYNCED // 2)))
def test_random_histories_publish_true_tables(rollcall, batch, tmp_path, monkeypatch):
    """The tables that a sync publishes of a random history are true, whatever fails.

    These histories run `rollcall sync`: dlt's loads, the guard and the rename are included.
    """
    quick(monkeypatch)
    chosen = drawn(1000 + batch, 1 + min(2, SYNCED - 2 * batch))[1:]  # the first one is trivial
    for number, history in enumerate(chosen):
        one_by_one(history, rollcall.another(tmp_path / str(number)))


def one_by_one(history: History, rollcall: Rollcall) -> None:
    world, truth, cells = history.world(), {}, 0
    with Sandbox(world.company) as sandbox:
        rollcall.environment |= sandbox.environment() | history.settings()
        for step in history.steps:
            for change in step.changes:
                world.change(*change)
            struck = strike(sandbox, step)
            result = rollcall.run("sync")
            if "nothing is left" in result.err:  # of a whole table, which is right here
                result = rollcall.run(*arguments(cure_of(result)))
            told = f"{history!r} {result.err}"  # pytest would shorten it
            assert all(fault.fired for fault in struck), told
            assert (4 if any(map(step.fails, SOURCES)) else 0) == result.code, told
            for source in SOURCES:
                getattr(sandbox, source).faults = []
            truth = truths(world, step, truth)
            whole = together([*truth.values()])
            cells += whole.cells
            assert whole == published(rollcall), told
        before = content(rollcall)
        assert 0 == rollcall.run("sync", "--full").code, told
        assert before == content(rollcall), told
    count("histories synced one by one", histories=1, syncs=SYNCS + 1, cells=cells, wrong=0)


def published(rollcall: Rollcall) -> Truth:
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as connection:
        return Truth(*said(connection, *TABLES))


def content(rollcall: Rollcall) -> dict[str, list]:
    exact = "select columns(c -> c <> 'last_seen_at') from {} order by all"
    names = ("people", *TABLES, "dangling_grants")
    return {name: rollcall.rows(exact.format(name)) for name in names}
