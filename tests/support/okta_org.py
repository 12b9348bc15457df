"""A small Okta org whose source is read through its settings, into a warehouse of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.failures import Failure, explain
from pipelines.http.policy import Counters, Policy
from pipelines.sources import registry
from pipelines.sql import create_tables
from pipelines.sync import load
from pipelines.warehouse import run_tables
from tests.sandbox.okta.server import Okta, Switches
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support.faults import Rows, by_id, forget_state
from tests.support.okta_tenant import fill

TABLES = {
    *("users", "groups", "group_rules", "group_members", "log_events"),
    *("user_role_assignments", "group_role_assignments", "client_role_assignments"),
    *("roles", "resource_sets", "role_bindings"),
    *("applications", "application_users", "application_groups"),
    "user_schemas",
}

ERROR = {"errorSummary": "", "errorLink": "", "errorId": "", "errorCauses": []}


def last_page(request: Request, honest: Response) -> Response:
    """Drop the link to the next page."""
    honest.headers["link"] = [line for line in honest.headers["link"] if 'rel="next"' not in line]
    return honest


@dataclass
class Taken:
    """One read: its rows by table, or why it failed, and what it asked for."""

    rows: Rows
    failure: Failure | None
    mode: str
    warnings: list[str]
    asked: list[Request]

    @property
    def code(self) -> int:
        return self.failure.code if self.failure else 0

    def paths(self, contains: str = "") -> list[str]:
        """Return the paths of the API that were asked for, in order."""
        paths = (request.path.removeprefix("/api/v1/") for request in self.asked)
        return [path for path in paths if contains in path]

    def members(self, group: str) -> list[str]:
        return self.rows["group_members"][group]["members"]


class Org:
    """One served org, and its warehouse. Each complete read is loaded, as a sync does."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, server: Server | None = None) -> None:
        self.server = server or Server(fill(Okta(switches=Switches())))
        self.okta: Okta = self.server.vendor  # type: ignore[assignment]
        self.home, self.patch, self.reads = home, patch, 0
        self.warehouse = home / "access.duckdb"
        patch.chdir(home)
        patch.setattr("pipelines.http.rate_limit.Pace.slow_down", lambda pace, pause: None)
        self.limits(wait=0.002, longest_wait=0.02)
        self.set(requests_per_second=0, **self.okta.settings(self.server.url))

    def again(self, home: Path, patch: pytest.MonkeyPatch) -> Org:
        """Return an org with a copy of this one's state and warehouse, at the same address."""
        self.server.vendor = deepcopy(self.okta)
        other = Org(home, patch, self.server)
        shutil.copy(self.warehouse, other.warehouse)
        return other

    def limits(self, **limits: float) -> None:
        self.patch.setattr("pipelines.sources.okta.Policy", partial(Policy, **limits))

    def set(self, **settings: object) -> None:
        """Make settings; None unsets one."""
        for name, value in settings.items():
            variable = f"SOURCES__OKTA__{name}".upper()
            if value is None:
                self.patch.delenv(variable, raising=False)
            else:
                self.patch.setenv(variable, str(value))

    def read(self, *faults: Fault, full: bool = False) -> Taken:
        """Read and load the org while these faults strike, each at least once."""
        self.reads += 1
        work = self.home / f"read {self.reads}"
        work.mkdir()
        self.server.faults = [*faults]
        self.server.seen.clear()
        found = load.Read("okta")
        load.extract_source(found, self.warehouse, work, full=full)
        if found.failure is None:
            load.load_source(found)
            self._record(found)
        self.server.faults = []
        assert all(fault.fired for fault in faults), "a planned fault never struck"
        rows = {} if found.failure else self.rows()
        asked = [*self.server.seen]
        return Taken(rows, found.failure, found.mode, found.counters.warnings, asked)

    def read_all(self, *faults: Fault) -> Taken:
        """Read the whole org as a first sync does, without a warehouse and its state.

        Resources are called as dlt calls them, and nothing is written.
        """
        forget_state()
        counters, rows, failure = Counters(), {}, None
        self.server.faults = [*faults]
        self.server.seen.clear()
        try:
            for name, resource in registry.connect_source("okta", counters).resources.items():
                rows[name] = by_id(name, list(resource))
        except Exception as error:
            rows, failure = {}, explain(error)
            if failure is None:
                raise
        self.server.faults = []
        assert all(fault.fired for fault in faults), "a planned fault never struck"
        return Taken(rows, failure, counters.mode, counters.warnings, [*self.server.seen])

    def rows(self) -> Rows:
        with duckdb.connect(str(self.warehouse)) as connection:
            return {
                table: {
                    key: json.loads(payload)
                    for key, payload in connection.execute(
                        f"select id, payload::varchar from raw_okta.{table}"
                    ).fetchall()
                }
                for table in TABLES
            }

    def _record(self, found: load.Read) -> None:
        """Record the run as complete, because a later read asks when the last one was."""
        values = ("run", "okta", found.mode, "complete", found.started_at, found.ended_at)
        with duckdb.connect(str(self.warehouse)) as connection:
            create_tables(connection, [run_tables.RUNS])
            connection.execute("delete from main.runs")
            connection.execute(
                "insert into main.runs (run_id, source_name, mode, status, started_at, ended_at,"
                " requests, retries) values (?, ?, ?, ?, ?, ?, 0, 0)",
                values,
            )


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    made = Org(tmp_path, monkeypatch)
    with made.server:
        yield made


def add_users(org: Org, count: int, *groups: str, status: str = "ACTIVE") -> list[str]:
    """Add users who are in these groups, and return their ids."""
    made = [f"00uMore{status[:3]}{number:010}" for number in range(count)]
    for number, key in enumerate(made):
        mail = f"more-{status}-{number}@example.com".lower()
        profile = {"firstName": "More", "lastName": str(number), "login": mail, "email": mail}
        org.okta.users[key] = {"id": key, "status": status, "profile": profile}
        org.okta.members |= {(key, group) for group in groups}
    for group in groups:
        org.okta.groups[group]["lastMembershipUpdated"] = "2026-06-01T08:00:00.000Z"
    org.okta.touch()
    return made


def strikes(path: str, **query: Any) -> Any:
    """Return whether a request goes to this path, and has these parameters."""

    def matches(request: Request) -> bool:
        return request.path == f"/api/v1/{path}" and query.items() <= request.query.items()

    return matches
