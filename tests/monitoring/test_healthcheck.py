"""A dead man's switch hears how each sync ended, and never changes how it ends."""

from __future__ import annotations

import argparse
import fcntl
import re
from collections.abc import Iterator

import pytest

from pipelines.cli import standing
from pipelines.monitoring import healthcheck
from tests.sandbox.server import Request, Response, Server
from tests.support.expiring import approve, may_expire, write_policy

KEY = "4c7b6f0e-secret-check"
WRONG = {"SOURCES__CHARTHOP__API_TOKEN": "wrong-token-here"}


class Switch:
    """A service of dead man's switches that knows some paths, or that is in trouble."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str]]] = []
        self.known = lambda path: True
        self.answers: list[Response] = []

    def handle(self, request: Request) -> Response:
        self.taken.append((request.path, request.query))
        if self.answers:
            return self.answers.pop(0)
        return Response(200 if self.known(request.path) else 404, b"")

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.taken]


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Server(Switch()) as server:
        server.vendor.url = f"{server.url}/ping/{KEY}"
        yield server.vendor


def test_a_quiet_success_is_a_ping_and_nothing_else(rollcall, published, switch):
    """A sync pings the address as it is, query included; --quiet then prints nothing."""
    url = f"{switch.url}?create=1"

    synced = rollcall.has(published).sync("pingone", "--quiet", HEALTHCHECK__URL=url)

    assert ("", "") == (synced.out, synced.err)
    assert [(f"/ping/{KEY}", {"create": "1"})] == switch.taken


def test_a_failure_is_a_ping_with_its_exit_code(rollcall, switch):
    """A failed sync pings `/fail/<code>`, and says why although it is quiet."""
    url = f"{switch.url}/?create=1"

    ended = rollcall.run("sync", "charthop", "--quiet", HEALTHCHECK__URL=url, **WRONG)
    wrong = rollcall.run("sync", HEALTHCHECK__URL=url, SOURCES__PINGONE__REGION="mars")

    assert (3, 2) == (ended.code, wrong.code) and "charthop" in ended.err
    query = {"create": "1"}
    assert [(f"/ping/{KEY}/fail/3", query), (f"/ping/{KEY}/fail/2", query)] == switch.taken
    assert KEY not in ended.err + wrong.err


def test_a_service_without_that_path_gets_the_code_alone(switch, monkeypatch, capfd):
    """healthchecks.io knows `/<code>` and answers 404 to `/fail/<code>`: it hears of it, too."""
    switch.known = lambda path: path.count("/") == 3 and path.split("/")[-1] in ("4", "fail")
    monkeypatch.setenv("HEALTHCHECK__URL", switch.url)

    healthcheck.ping(4)

    assert [f"/ping/{KEY}/fail/4", f"/ping/{KEY}/4"] == switch.paths
    assert ("", "") == capfd.readouterr()


def test_a_sync_that_overlaps_another_pings_nobody(rollcall, switch):
    """A held lock is no failure: the run that holds the lock will ping."""
    home = rollcall.warehouse.parent / f".{rollcall.warehouse.name}.work"
    home.mkdir(parents=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ended = rollcall.run("sync", HEALTHCHECK__URL=switch.url)

    assert (75, []) == (ended.code, switch.taken)


def test_a_job_has_a_line_and_a_switch_of_its_own(rollcall, published, switch):
    """`expiry run` in a log is one line, and a ping that no sync could send; failures are below."""
    company = may_expire(rollcall.has(published))
    approve(company)
    run, url = ("expiry", "run", "--no-sync"), {"HEALTHCHECK__EXPIRY_URL": switch.url}

    told = company.run(*run)
    quiet = company.run(*run, "--quiet")
    silent = company.run(*run, "--quiet", **url)
    dry = company.run(*run, "--dry-run", **url)
    company.run(*run, HEALTHCHECK__URL=switch.url)
    write_policy(company, "[expiry]\nchanges = 2\n")
    failed = company.run(*run, "--quiet", **url)
    write_policy(company, "")
    wrong = company.run(*run, "--quiet", **url)

    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ expiry "
    assert re.fullmatch(line + r"ok: 0 changes, 0 blocked; \d+ s\n  audit head \w+\n", told.out)
    assert re.fullmatch(line + r"ok: .*\n", quiet.out) and ("", "") == (silent.out, silent.err)
    assert (0, 5, 2) == (dry.code, failed.code, wrong.code)
    assert re.match(line + r"exit 5: 0 changes, 0 blocked; \d+ s\n  \S", failed.err), failed.err
    assert "rollcall expiry approve --digest" in failed.err
    assert re.match(line + r"exit 2: 0 changes, 0 blocked; \d+ s\n  \S", wrong.err), wrong.err
    assert [f"/ping/{KEY}{end}" for end in ("", "/fail/5", "/fail/2")] == switch.paths


def test_a_bug_in_a_job_is_a_ping_too(switch, monkeypatch, capfd):
    """An error that nobody foresaw is exit code 1 in the log, and a ping with that code."""
    monkeypatch.setenv("HEALTHCHECK__PUSH_URL", switch.url)

    @standing.tell_monitoring
    def run(arguments: argparse.Namespace) -> int:
        raise ZeroDivisionError("a bug")

    flags = {"json": False, "quiet": True, "dry_run": False, "verb": "push", "target": "okta"}
    code = run(argparse.Namespace(**flags))

    title, what, *_ = capfd.readouterr().err.splitlines()
    assert re.search(r"Z push okta exit 1: an unexpected error; \d+ s$", title)
    assert "  unexpected: ZeroDivisionError: a bug" == what
    assert (1, [f"/ping/{KEY}/fail/1"]) == (code, switch.paths)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("busy", ""),
        ("broken", "the service answered 500"),
        ("moved", "the service answered 302"),
        ("unknown", "the service answered 404"),
        ("slow", "sending took too long"),
        ("nobody", "the service did not answer"),
        ("file", "no address that begins with https:// or http://"),
        ("nonsense", "no address that begins with https:// or http://"),
    ],
)
def test_a_ping_that_fails_is_told_without_the_address(switch, trouble, said, monkeypatch, capfd):
    """A ping is tried three times; one that fails is one line, which has no secret."""
    url = {
        "nobody": f"http://127.0.0.1:9/{KEY}",
        "file": f"file:///etc/{KEY}",
        "nonsense": f"http://[{KEY}",
    }.get(trouble, switch.url)
    switch.answers = {
        "busy": [Response(503), Response(429)],
        "broken": [Response(500)] * 3,
        "moved": [Response(302, headers={"Location": f"http://127.0.0.1:9/{KEY}"})],
        "slow": [Response(200, b"OK", drip=30.0)],
    }.get(trouble, [])
    switch.known = lambda path: trouble != "unknown"
    if trouble == "slow":
        monkeypatch.setattr(healthcheck, "MAX_SECONDS", 3.0)
        switch.answers = [Response(200, stall=b" ")]
    monkeypatch.setenv("HEALTHCHECK__URL", url)

    healthcheck.ping(0)

    heard = capfd.readouterr()
    assert said in heard.err and heard.err.count("\n") == bool(said)
    assert KEY not in heard.err + heard.out
    assert {"busy": 3, "broken": 3, "moved": 1, "unknown": 1}.get(trouble, 1) >= len(switch.taken)
    if trouble == "busy":
        assert 3 == len(switch.taken)
