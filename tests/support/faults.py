"""Faults of single answers, the places where they strike in a sync, and a reader of one source.

A fault that never struck proves nothing: whoever sets a fault asserts that it `fired`.
"""

from __future__ import annotations

import functools
import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext

from pipelines.failures import Failure, explain
from pipelines.http.policy import Counters, Policy
from pipelines.sources import registry, source_names
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sync import load
from tests.sandbox import Sandbox
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support.counted import count
from tests.support.product import FAST

Effect = Callable[[Request, Response | None], Response]
Rows = dict[str, dict[str, Any]]  # by table: id -> the vendor's payload

PAGE = {"charthop": 3, "haloitsm": 5, "okta": 3, "pingone": 3}
LISTS = {
    "charthop": "/person",
    "haloitsm": "/api/Agent",
    "okta": "/api/v1/users",
    "pingone": "/users",
}
CHILDREN = {
    "charthop": "/person/",
    "haloitsm": "/api/Team/",
    "okta": "/api/v1/groups/",
    "pingone": "/memberOfGroups",
}
WITHOUT_TOKEN_ENDPOINT = ("charthop", "okta")  # their tokens are fixed
GONE = {"okta": {"errorCode": "E0000007"}}  # the body of a 404, where it must say what is gone
KEPT = ("id", "payload")
POSITIONS = ("token", "first", "middle", "last", "child")


# ---- effects


def status(code: int, body: Any = b"", **headers: str) -> Effect:
    """Return a fault that answers with this status. Header names use underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, honest: Response(code, body, named)


def hang_up(request: Request, honest: Response | None) -> Response:
    """End the connection before the first byte."""
    raise ConnectionAbortedError


def cut(request: Request, honest: Response) -> Response:
    """Send half of the body under the full content length."""
    body = honest.encoded()
    return Response(honest.status, body, honest.headers, cut_after=len(body) // 2)


def cut_unsaid(request: Request, honest: Response) -> Response:
    """Send half of the body without any content length."""
    body = honest.encoded()
    return Response(200, body, {"content-length": ""}, cut_after=len(body) // 2)


def broken_chunks(request: Request, honest: Response) -> Response:
    chunked = {"transfer-encoding": "chunked", "content-length": ""}
    body = honest.encoded()[:16]
    return Response(200, b"10\r\n" + body + b"\r\nno size\r\n", chunked, cut_after=10**6)


def short_gzip(request: Request, honest: Response) -> Response:
    """Send a compressed body without its end."""
    packed = gzip.compress(honest.encoded())
    return Response(200, packed[: len(packed) // 2], {"content-encoding": "gzip"})


def broken_gzip(request: Request, honest: Response) -> Response:
    packed = bytearray(gzip.compress(honest.encoded()))
    packed[len(packed) // 2] ^= 0xFF
    return Response(200, bytes(packed), {"content-encoding": "gzip"})


def no_length(request: Request, honest: Response) -> Response:
    """Send the whole answer without a length, and mark its end by closing the connection."""
    headers = honest.headers | {"content-length": ""}
    return Response(honest.status, honest.encoded(), headers, cut_after=10**6)


def closed_after(request: Request, honest: Response) -> Response:
    """Send the whole answer, then close the connection without announcing it."""
    return Response(honest.status, honest.encoded(), honest.headers, cut_after=10**6)


def marked(request: Request, honest: Response) -> Response:
    """Send the whole answer compressed, with a byte order mark and a wrong content type."""
    packed = gzip.compress(b"\xef\xbb\xbf" + honest.encoded())
    kind = {"content-encoding": "gzip", "content-type": "text/html"}
    return Response(honest.status, packed, honest.headers | kind)


def dripping(request: Request, honest: Response) -> Response:
    return Response(200, honest.encoded(), honest.headers, drip=0.02)


def silent(request: Request, honest: Response | None) -> Response:
    """Send nothing until the client gives up."""
    threading.Event().wait(3)
    return Response(503)


def moved(request: Request, honest: Response) -> Response:
    """Redirect to the same address."""
    asked = "&".join(f"{name}={value}" for name, value in request.query.items())
    return Response(307, b"", {"location": f"{request.path}?{asked}"})


def then(change: Callable[[Any], Any]) -> Effect:
    """Return a fault that sends the answer with a changed body."""

    def effect(request: Request, honest: Response) -> Response:
        return Response(honest.status, change(json.loads(honest.encoded())), honest.headers)

    return effect


def link(to: Callable[[Request], str]) -> Effect:
    """Return a fault that sends the page with another link to the next page."""

    def effect(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded())
        if "_links" in body:
            body["_links"]["next"] = {"href": to(request)}
        else:
            body["next"] = to(request)
        return Response(200, body)

    return effect


# ---- positions


def strikes(source: str, position: str) -> Callable[[Request], bool]:
    """Return a test whether a request of a source is at this position.

    For a list, every page of the list is at the position.
    """
    if position == "token":
        return lambda request: request.path.endswith("/token")
    if position == "child":
        return lambda request: CHILDREN[source] in request.path
    return lambda request: request.path.endswith(LISTS[source]) and "filter" not in request.query


def fault(source: str, position: str, effect: Effect, times: int = 1) -> Fault:
    """Return a fault at one position of a source.

    The positions: the first, second or last page of the longest list, the token, and the fourth of
    the calls per item.
    """
    after = {"middle": 1, "last": 2, "child": 3}.get(position, 0)
    return Fault(strikes(source, position), effect, times=times, after=after)


# ---- reading


@dataclass
class Taken:
    """The rows that a source delivered, or why it failed."""

    rows: Rows
    failure: Failure | None
    warnings: list[str]
    calls: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # by raw table

    @property
    def code(self) -> int:
        return self.failure.code if self.failure else 0


class Reader:
    """Reads one source of a sandbox through its settings, into a file that is thrown away."""

    def __init__(
        self, sandbox: Sandbox, home: Path, patch: pytest.MonkeyPatch, good_days: dict[str, Path]
    ) -> None:
        self.sandbox, self.home, self.patch = sandbox, home, patch
        self.good_days = good_days
        patch.chdir(home)
        for name, value in (sandbox.environment() | FAST).items():
            patch.setenv(name, value)
        for source, rows in PAGE.items():
            self.set(source, "page_size", rows)
        self.set("pingone", "memberships", "by_user")
        self.set("pingone", "role_assignment_principals", "groups_and_apps")
        quick(patch)

    def set(self, source: str, name: str, value: object) -> None:
        self.patch.setenv(f"SOURCES__{source}__{name}".upper(), str(value))

    def server(self, source: str) -> Server:
        return getattr(self.sandbox, source)

    def good_day(self, source: str) -> Rows:
        """Return the rows of the source without a fault.

        The rows are read once for all tests of a file.
        """
        if source not in self.good_days:
            work = self.home / source
            work.mkdir()
            load.load_source(load.extract_source(load.Read(source), work / "access.duckdb", work))
            self.good_days[source] = work
        return loaded(self.good_days[source])

    def __call__(self, source: str, *faults: Fault, again: bool = False) -> Taken:
        """Read the source while these faults strike, each at least once.

        With `again`, a read without faults comes first. Resources are called as dlt calls them, and
        nothing is written.
        """
        server, counters = self.server(source), Counters()
        earlier = EarlierRows(self.good_days[source] / "access.duckdb", source) if again else None
        if not again:
            forget_state()
        server.faults, server.log, server.seen = [*faults], [], []
        rows, failure = {}, None
        try:
            for name, resource in registry.connect_source(
                source, counters, earlier
            ).resources.items():
                if found := by_id(name, list(resource)):
                    rows[name] = found
        except Exception as error:
            rows, failure = {}, explain(error)
            if failure is None:
                raise
        server.faults = []
        assert all(fault.fired for fault in faults), "a planned fault never struck"
        count("faults", reads=1, struck=sum(fault.fired for fault in faults))
        return Taken(rows, failure, counters.warnings, counters.calls)


def forget_state() -> None:
    """Let the next source begin without the state of the last one that was loaded."""
    Container()[PipelineContext].deactivate()


def by_id(name: str, tables: list[pa.Table]) -> dict[str, Any]:
    rows = [
        (key, json.loads(payload))
        for table in tables
        for key, payload in zip(*(table[column].to_pylist() for column in KEPT), strict=True)
    ]
    assert len(rows) == len(dict(rows)), f"{name} has an id twice"
    return dict(rows)


def loaded(work: Path) -> Rows:
    """Return the raw tables of a loaded package."""
    tables = defaultdict(list)
    for path in work.glob("**/completed_jobs/*.parquet"):
        tables[path.name.split(".")[0]].append(parquet.read_table(path))
    return {name: found for name in tables if (found := by_id(name, tables[name]))}


def quick(patch: pytest.MonkeyPatch, **limits: float) -> None:
    """Make every source wait almost no time from now on, after a 429 too."""
    patch.setattr("pipelines.http.rate_limit.Pace.slow_down", lambda pace, pause: None)
    limits = {"wait": 0.002, "longest_wait": 0.02} | limits
    for source in source_names():
        patch.setattr(f"pipelines.sources.{source}.Policy", functools.partial(Policy, **limits))


def one_by_one(sandbox: Sandbox) -> Sandbox:
    """Switch to builds whose lists are incomplete, so that every source makes a call per item.

    Nine people suffice, and more would mean more calls.
    """
    charthop, halo = sandbox.company.charthop.switches, sandbox.company.haloitsm.switches
    charthop.list_has_group_ids = charthop.job_list_has_group_ids = False
    halo.list_has_teams = False
    for known in (sandbox.company.charthop.persons, sandbox.company.pingone.users):
        for key in sorted(known)[9:]:
            del known[key]
    tenant = sandbox.company.pingone
    tenant.switches.audit_rate_limit = None  # else every tenth read in a second waits for a second
    for key in sorted(tenant.groups)[6:]:
        del tenant.groups[key]
    tenant.nestings = {pair for pair in tenant.nestings if {*pair} <= set(tenant.groups)}
    return sandbox


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """Serve one sandbox to all tests that do not change the company."""
    with Sandbox() as sandbox:
        yield one_by_one(sandbox)


@pytest.fixture(scope="module")
def good_days() -> dict[str, Path]:
    return {}


@pytest.fixture
def read(
    served: Sandbox, good_days: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Reader:
    return Reader(served, tmp_path, monkeypatch, good_days)


@pytest.fixture
def read_own(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return a reader of a company that the test may change."""
    return Reader(one_by_one(sandbox), tmp_path, monkeypatch, {})
