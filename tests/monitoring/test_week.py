"""A week of hourly syncs in one log: most fail, and nothing that failed looks like a removal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.warehouse import publish
from tests.monitoring.test_run_log import LINE
from tests.sandbox.server import Fault, Request
from tests.support.faults import quick, status
from tests.support.product import Published, Result, Rollcall
from tests.sync.test_sync import assert_published_is_true

LIMITS = {"GUARD__REMOVED_ROWS": "1", "GUARD__REMOVED_SHARE": "0.01"}
# One letter is one hour: synced, Outage, Lock, Token, Setting, Refused, Killed
DAYS = (
    "sLLOOOOOOOOOOOOOOLLLLTTs",
    "sOOOOOOLLLLLLLLLLLLLLLSs",
    "sTTTTTTTTLLLLLLLOOOOOKOs",
    "sROOOOOLLLLLLLLLLLLLLOaO",
    "sSSSSSSSSOOOOLLLLLLLLLKs",
    "sOOOOOOOOOOOOOOOOOOOOOOO",
    "OOOOOOOLLLLLLTTTTSSSSKLs",
)
CODES = {"s": 0, "a": 0, "O": 4, "L": 75, "T": 3, "S": 2, "R": 5}


class Week:
    """Hourly syncs of one source, and the log that cron would keep."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall, self.log, self.change = rollcall, "", ""
        self.kinds: dict[str, Callable[[], Result]] = {
            "s": self._sync,
            "a": lambda: self._sync("--accept", self.change),
            "O": self._meet_an_outage,
            "L": self._meet_another_run,
            "T": lambda: self._sync(SOURCES__HALOITSM__CLIENT_SECRET="an-old-secret"),
            "S": lambda: self._sync(SOURCES__HALOITSM__PAGE_SISE="5"),
            "R": self._lose_agents,
        }

    def pass_hour(self, kind: str) -> None:
        if kind == "K":
            self._kill()
            return
        result = self.kinds[kind]()
        assert CODES[kind] == result.code, f"{kind}: {result.out}{result.err}"
        self.log += result.out + result.err

    def _sync(self, *flags: str, **settings: str) -> Result:
        return self.rollcall.run("sync", "haloitsm", "--quiet", *flags, **LIMITS | settings)

    def _meet_an_outage(self) -> Result:
        vendor = self.rollcall.sandbox.haloitsm
        vendor.faults = [Fault(lambda request: True, status(503), times=999, before=True)]
        result = self._sync()
        assert vendor.faults[0].fired
        vendor.faults = []
        return result

    def _meet_another_run(self) -> Result:
        with publish.lock_warehouse(self.rollcall.warehouse):
            return self._sync()

    def _lose_agents(self) -> Result:
        """Lose some agents for good, which a person must accept."""
        halo = self.rollcall.sandbox.company.haloitsm
        for key in sorted(halo.agents)[-3:]:
            del halo.agents[key]
        halo.touch()
        result = self._sync()
        [self.change] = re.findall(r"--accept '?(haloitsm[.]accounts:[0-9]+->[0-9]+)", result.err)
        return result

    def _kill(self) -> None:
        """Kill a sync in the middle of its reading, as a restart of the machine does."""
        vendor, run = self.rollcall.sandbox.haloitsm, None

        def die(request: Request, honest: object) -> object:
            run.kill()
            return honest

        vendor.faults = [Fault(lambda request: "/api/" in request.path, die)]
        run = self.rollcall.start("sync", "haloitsm", "--quiet", **LIMITS)
        run.communicate()
        assert vendor.faults[0].fired
        vendor.faults = []


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_week_of_hours_reads_in_a_minute(rollcall: Rollcall, published: Published, monkeypatch):
    """Each slot is one line, few different messages stand below, and only real removals count."""
    quick(monkeypatch)
    hours = "".join(DAYS)
    assert 168 == len(hours)
    week = Week(rollcall.has(published))
    week.pass_hour("s")
    ended = "select count(*) from grants_history where valid_to is not null"
    folder = rollcall.warehouse.parent
    week.log, before = "", (rollcall.column(ended), list_files(folder))
    begun, size = rollcall.column("select count(*) from runs"), rollcall.warehouse.stat().st_size

    for number, kind in enumerate(hours):
        week.pass_hour(kind)
        if number == hours.index("R") - 1:
            assert before == (rollcall.column(ended), list_files(folder))

    lines = week.log.splitlines()
    runs = [found for line in lines if (found := LINE.fullmatch(line))]
    told = [f"exit {CODES[kind]}" if CODES[kind] else "ok" for kind in hours if kind != "K"]
    assert told == [run["end"] for run in runs]
    details = Counter(re.sub("[0-9]+", "N", line) for line in lines if not LINE.fullmatch(line))
    assert all(line.startswith("  ") for line in details), details
    assert len(details) <= 25 and len(lines) <= 5 * len(hours), details
    assert_published_is_true(rollcall)
    recorded = sum(1 for kind in hours if kind not in "KL")
    assert [begun[0] + recorded] == rollcall.column("select count(*) from runs")
    assert rollcall.warehouse.stat().st_size < 2 * size
    assert not [name for name in list_files(folder) - before[1] if "refused" not in name]
