"""The commonest ways in which a sync fails: each has its exit code, a sentence and a next step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import duckdb
import pytest

from pipelines.warehouse import publish
from tests.sandbox.server import Fault
from tests.support import faults
from tests.support.product import Published, Rollcall
from tests.support.tls import serve_tls

SETTING = "SOURCES__CHARTHOP__BASE_URL"
ELSEWHERE = "https://rollcall.invalid"
UNCHANGED = "the published data is unchanged"
WEB_PAGE = b"<!doctype html><html>Sign in</html>"


@dataclass(frozen=True)
class Failing:
    """One way to fail: how it comes about, and what the user is told.

    `cause` changes the settings or the vendor, or returns what lasts as long as the sync.
    """

    cause: Callable[[Rollcall], AbstractContextManager[None] | None]
    code: int
    sentence: str
    next: str
    is_published: bool = False  # before that sync
    effect: str = "nothing is published"
    sources: tuple[str, ...] = ("charthop",)


def has(**settings: str) -> Callable[[Rollcall], None]:
    """Return a cause: these settings."""
    return lambda rollcall: rollcall.environment.update(settings)  # which returns None


def has_nothing(rollcall: Rollcall) -> None:
    rollcall.environment = {"WAREHOUSE": str(rollcall.warehouse)}


def has_half(rollcall: Rollcall) -> None:
    del rollcall.environment["SOURCES__CHARTHOP__ORG_ID"]


def answers(effect: faults.Effect, part: str = "") -> Callable[[Rollcall], None]:
    """Return a cause: the vendor answers so to each request whose path has this part."""

    def cause(rollcall: Rollcall) -> None:
        fault = Fault(lambda request: part in request.path, effect, times=10_000)
        rollcall.sandbox.charthop.faults = [fault]

    return cause


def is_silent(rollcall: Rollcall) -> None:
    faults.quick(rollcall.patch, read_timeout=0.2)
    answers(faults.silent)(rollcall)


def has_unknown_certificate(rollcall: Rollcall) -> None:
    server = rollcall.sandbox.charthop
    serve_tls(server, rollcall.home, "127.0.0.1", 9)
    rollcall.environment[SETTING] = server.url.replace("http:", "https:")


def has_file_for_a_folder(rollcall: Rollcall) -> None:
    (rollcall.home / "file").write_text("")
    rollcall.environment["WAREHOUSE"] = str(rollcall.home / "file" / "access.duckdb")


def is_newer(rollcall: Rollcall) -> None:
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as warehouse:
        warehouse.execute("update built.version set version = 999, rollcall = '9.8.7'")


def is_locked(rollcall: Rollcall) -> AbstractContextManager[None]:
    return publish.lock_warehouse(rollcall.warehouse)


WAYS = {
    "no settings": Failing(
        has_nothing, 2, "no source is configured", "run `rollcall init`", sources=()
    ),
    "half the settings": Failing(has_half, 2, "it has a secret", "set SOURCES__CHARTHOP__ORG_ID"),
    "a misspelt setting": Failing(
        has(SOURCES__CHARTHOP__API_TOKN="x"), 2, "unknown setting", "did you mean api_token?"
    ),
    "a wrong secret": Failing(
        has(SOURCES__CHARTHOP__API_TOKEN="none-such-0123456789"),
        3,
        "the answer was 401",
        "set SOURCES__CHARTHOP__API_TOKEN to a token that is valid",
    ),
    "a missing right": Failing(
        answers(faults.status(403), "/person"),
        3,
        "the answer was 403",
        "give the credential read access to persons",
    ),
    "a wrong tenant": Failing(
        has(SOURCES__CHARTHOP__ORG_ID="nosuch"),
        4,
        "the answer was 404",
        "SOURCES__CHARTHOP__ORG_ID",
    ),
    "an unknown host": Failing(
        has(**{SETTING: ELSEWHERE}), 4, "unknown host name", f"check {SETTING}, and whether"
    ),
    "no service": Failing(
        has(**{SETTING: "http://127.0.0.1:9"}),
        4,
        "127.0.0.1:9 cannot be reached (connection refused)",
        f"check {SETTING}: no service",
    ),
    "a proxy": Failing(
        has(**{SETTING: ELSEWHERE, "HTTPS_PROXY": "http://127.0.0.1:9"}),
        4,
        "the proxy cannot be reached",
        "check HTTPS_PROXY",
    ),
    "a certificate": Failing(
        has_unknown_certificate, 4, "is not trusted", "set REQUESTS_CA_BUNDLE to the file"
    ),
    "a time-out": Failing(is_silent, 4, "was silent, 3 times", "run the same command again later"),
    "a login page": Failing(
        answers(faults.status(200, WEB_PAGE)),
        4,
        "a web page came instead of JSON",
        f"check {SETTING}: it must be the address of the API",
    ),
    "a folder that cannot be written": Failing(
        has_file_for_a_folder, 6, "/file/.access.duckdb.work: ", "set WAREHOUSE to a path"
    ),
    "another run": Failing(
        is_locked, 75, "another run is writing it", "wait until the other run ends", True, UNCHANGED
    ),
    "a newer warehouse": Failing(
        is_newer,
        2,
        "needs Rollcall 9.8.7 or newer",
        "install Rollcall 9.8.7",
        True,
        "the published warehouse cannot be read",
    ),
    "data that shrinks": Failing(
        answers(faults.status(200, {"data": []}), "/person"),
        5,
        "guard: ",
        "run `rollcall sync --accept",
        True,
        UNCHANGED,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_failing_sync_says_the_next_step(
    rollcall: Rollcall, published: Published, monkeypatch: pytest.MonkeyPatch, way: str
):
    """A sync that fails says what, why, the effect and the next step; nothing published changes."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    faults.quick(monkeypatch)
    failing = WAYS[way]
    if failing.is_published:
        rollcall.has(published)
    with failing.cause(rollcall) or nullcontext():
        result = rollcall.run("sync", *failing.sources)

    assert failing.code == result.code, result.err
    assert failing.sentence in result.err
    lines = [line.strip() for line in result.err.splitlines()]
    [*_, remedy] = [line for line in lines if line.startswith("next: ")]
    assert failing.next in remedy
    assert f"  effect: {failing.effect}" in result.err
    assert "Traceback" not in result.err and "" == result.out
