"""Tokens: how long one is used, when it is renewed, and which secrets are valid."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from pipelines.failures import Denied, Misconfigured
from pipelines.http.auth import ClientCredentials, check_secret
from pipelines.http.policy import Counters, Policy
from pipelines.http.session import Session
from pipelines.sources.reading import Api
from tests.http.test_http import FINE, ask
from tests.http.test_http import clock as clock
from tests.http.test_http import vendor as vendor
from tests.sandbox.server import Request, Response, Server


def api(server: Server) -> tuple[Api, Counters]:
    """Return a client that gets its own token."""
    counters, policy = Counters(), Policy(requests_per_second=0, wait=0.002)
    token = ClientCredentials(
        Session("vendor", server.url, policy, counters), f"{server.url}/token", "id", "secret"
    )
    return Api(server.url, Session("vendor", server.url, policy, counters, token)), counters


class Guarded:
    """Issues numbered tokens, each valid for a number of requests."""

    def __init__(self, good_for: float = float("inf"), **answer: Any) -> None:
        self.good_for, self.answer = good_for, answer
        self.numbers, self.left = itertools.count(1), {}

    def handle(self, request: Request) -> Response:
        if request.path == "/token":
            token = f"token-{next(self.numbers)}"
            self.left[f"Bearer {token}"] = self.good_for
            return Response(200, {"access_token": token, **self.answer})
        given = request.headers.get("authorization", "")
        self.left[given] = self.left.get(given, 0) - 1
        return FINE if self.left[given] >= 0 else Response(401)


def test_a_token_refused_early_is_renewed():
    """A token that is refused before its end is renewed, and the request is repeated."""
    with Server(Guarded(good_for=3, expires_in=3600)) as server:
        client, _ = api(server)
        for _ in range(7):
            assert {"fine": True} == client.get("things")

    assert 3 == server.count("POST", "/token")


def test_a_token_that_is_never_good_is_renewed_once():
    """A token that is always refused is renewed only once."""
    with Server(Guarded(good_for=0, expires_in=3600)) as server:
        client, _ = api(server)
        with pytest.raises(Denied, match="401"):
            client.get("things")

    assert (2, 4) == (server.count("POST", "/token"), len(server.log))


def test_a_secret_that_was_changed_meanwhile_ends_it():
    """A secret that was changed during a sync ends the sync."""
    guarded = Guarded(good_for=1, expires_in=3600)
    with Server(guarded) as server:
        client, _ = api(server)
        client.get("things")
        honest, guarded.handle = (
            guarded.handle,
            lambda request: (
                Response(401, {"error": "invalid_client"})
                if request.path == "/token"
                else honest(request)
            ),
        )
        with pytest.raises(Denied, match="invalid_client"):
            client.get("things")


@pytest.mark.parametrize(
    "life, used_for",
    [
        (3600, 3240),
        (600, 540),
        (100, 50),
        (10, 5),
        (1, 0.5),
        ("3600", 3240),
        (10**12, 77760),
        (0, 240),
        (-5, 240),
        ("soon", 240),
        (None, 240),
        ([], 240),
        (True, 0.5),
        ({}, 240),
        ("inf", 77760),
        ("nan", 240),
    ],
    ids=str,
)
def test_a_token_is_used_for_less_than_its_life(clock, life, used_for):
    """A token is renewed before its end, and at the latest after one day."""
    with Server(Guarded(expires_in=life)) as server:
        client, _ = api(server)
        for later, tokens in ((0, 1), (used_for * 0.99, 1), (used_for * 0.02, 2)):
            clock.now += later
            client.get("things")
            assert tokens == server.count("POST", "/token")


def test_a_token_without_a_life_is_used_for_some_time(clock):
    """A token without a lifetime is used for a while."""
    with Server(Guarded()) as server:
        client, _ = api(server)
        client.get("things")
        clock.now += 30
        client.get("things")

    assert 1 == server.count("POST", "/token")


def test_a_request_that_waited_gets_a_new_token(clock):
    """A request that waited until its token had expired is sent with a new token."""
    with Server(Guarded(expires_in=100)) as server:
        busy = iter([Response(429, b"", {"retry-after": "300"})])
        honest = server.vendor.handle
        server.vendor.handle = lambda request: (
            next(busy, None) or honest(request) if request.path != "/token" else honest(request)
        )
        client, _ = api(server)
        client.get("things")

    tokens = [request.headers.get("authorization") for request in server.seen]
    assert [None, "Bearer token-1", None, "Bearer token-2"] == tokens


def test_netrc_is_not_asked(vendor, tmp_path, monkeypatch):
    """Credentials of ~/.netrc are never used."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login stranger password stranger\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Server(Guarded(expires_in=3600)) as server:
        client, _ = api(server)
        client.get("things")
        ask(vendor, FINE)

    given = [request.headers.get("authorization") for request in server.seen + vendor.seen]
    assert [None, "Bearer token-1", None] == given


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "  ",
        "two words",
        "line\nbreak",
        "tab\there",
        "nul\0l",
        "zero\u200bwidth",
        "ключ",
        "é",
        "\x7f",
        "“quoted”",
    ],
    ids=ascii,
)
def test_a_secret_that_can_be_none_is_refused_unsaid(secret):
    """An impossible secret is refused without printing it."""
    with pytest.raises(Misconfigured) as refused:
        check_secret("SOURCES__PINGONE__CLIENT_SECRET", secret)

    assert not secret.strip() or secret not in json.dumps(str(refused.value), ensure_ascii=False)


def test_the_blanks_around_a_secret_are_none_of_it():
    """Whitespace around a secret is removed."""
    assert "kept" == check_secret("NAME", " kept\r\n")
