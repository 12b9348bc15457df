"""Random companies, changes and troubles: what is published with exit code 0 is true.

ROLLCALL_HISTORIES=1000 makes more histories, ROLLCALL_SYNCED=50 more of those that are synced one
by one.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from datetime import timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.sandbox import Sandbox
from tests.support.counted import count
from tests.support.faults import quick
from tests.support.histories import SYNCS, History, Step, Truth, histories, together, truths
from tests.support.many import Many, said
from tests.support.other_clock import date_newest_run
from tests.support.product import FAST, Result, Rollcall
from tests.support.troubles import SOURCES, strike
from tests.sync.test_guard import cure_of

IS_LONG = bool(os.environ.get("ROLLCALL_LONG"))
HISTORIES = int(os.environ.get("ROLLCALL_HISTORIES", "30" if IS_LONG else "3"))
SYNCED = int(os.environ.get("ROLLCALL_SYNCED", "2"))
AT_ONCE = 50  # histories that share one build
TABLES = ("accounts", "entitlements", "grants")
# Refused, and right, in small companies
SMALL = ("nothing is left", "no row has this field any more")


def drawn(batch: int, count: int) -> list[History]:
    """Return so many histories, the same ones for the same batch."""
    return [draw_one(batch * 10_000 + number) for number in range(count)]


def draw_one(number: int) -> History:
    """Return the history of this number: the second of its draws, because the first is trivial.

    A longer series would repeat itself, because hypothesis varies what it has drawn before.
    """
    found: list[History] = []

    @seed(number)
    @settings(
        max_examples=2, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(histories())
    def draw(history: History) -> None:
        found.append(history)

    draw()
    return found[-1]


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
    count_troubles(many)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(-(-SYNCED // 2)))
def test_random_histories_publish_true_tables(rollcall, batch, tmp_path, monkeypatch):
    """The tables that a sync publishes of a random history are true, whatever fails.

    These histories run `rollcall sync`: dlt's loads, the guard and the rename are included.
    """
    quick(monkeypatch)
    chosen = drawn(1000 + batch, min(2, SYNCED - 2 * batch))
    count_troubles(chosen)
    for number, history in enumerate(chosen):
        one_by_one(history, rollcall.another(tmp_path / str(number)))


def count_troubles(many: list[History]) -> None:
    """Count how often each trouble was drawn."""
    names = (step.name_of(source) for one in many for step in one.steps for source in step.trouble)
    count("troubles of histories", **Counter(names))


def one_by_one(history: History, rollcall: Rollcall) -> None:
    world, truth, cells, is_ahead = history.world(), {}, 0, False
    with Sandbox(world.company) as sandbox:
        rollcall.environment |= sandbox.environment() | history.settings()
        for step in history.steps:
            for change in step.changes:
                world.change(*change)
            if step.is_misdated:
                date_newest_run(rollcall, timedelta(days=3650))
            struck = strike(sandbox, step.trouble, history.clock_error)
            is_ahead |= step.is_misdated
            result, is_refused = sync(rollcall, step, is_ahead)
            is_ahead &= result.code == 5
            told = f"{history!r} {result.err}"  # pytest would shorten it
            assert all(fault.fired for fault in struck) or result.code == 5, told
            strike(sandbox, {})
            left_out = {*SOURCES} if result.code == 5 else set()
            truth = truths(world, step, truth, left_out, {*SOURCES} if is_refused else set())
            there = published(rollcall)
            whole = together([*truth.values()]).as_seen(there)
            cells += whole.cells
            assert whole == there, told
        before = content(rollcall)
        assert 0 == rollcall.run("sync", "--full").code, told
        assert before == content(rollcall), told
        for table in ("people", *TABLES):
            assert [] == rollcall.rows(f"from {table}_history where valid_to <= valid_from"), told
    count("histories synced one by one", histories=1, syncs=SYNCS + 1, cells=cells, wrong=0)


def sync(rollcall: Rollcall, step: Step, is_ahead: bool) -> tuple[Result, bool]:
    """Sync, and accept what is refused if this step does; return whether anything was refused.

    The newest run lies in the future where `is_ahead`.
    """
    before = content(rollcall) if rollcall.warehouse.exists() else {}
    flags: list[str] = []
    refusals: list[str] = []
    while (result := rollcall.run("sync", *flags, **step.settings)).code == 5:
        assert before == content(rollcall), result.err
        refusals.append(result.err)
        if not step.accepts or len(refusals) > 3:
            break
        flags += shlex.split(cure_of(result))[1:]
    told = f"{step!r} {refusals} {result.err}"
    whole = "".join(refusals)
    assert is_ahead == ("guard: clock" in whole), told
    if step.accepts or not is_ahead:
        assert step.is_narrow == ("guard: pingone.scope" in whole), told
    due = is_ahead or step.is_narrow or any(map(step.hides, SOURCES))
    assert due or all(any(why in refusal for why in SMALL) for refusal in refusals), told
    assert result.code in ((5,) if refusals and not step.accepts else (0, 4)), told
    assert result.code == 5 or any(map(step.fails, SOURCES)) == (result.code == 4), told
    return result, bool(refusals)


def published(rollcall: Rollcall) -> Truth:
    with duckdb.connect(str(rollcall.warehouse), read_only=True) as connection:
        return Truth(*said(connection, *TABLES))


def content(rollcall: Rollcall) -> dict[str, list]:
    exact = "select columns(c -> c <> 'last_seen_at') from {} order by all"
    names = ("people", *TABLES, "dangling_grants")
    return {name: rollcall.rows(exact.format(name)) for name in names}
