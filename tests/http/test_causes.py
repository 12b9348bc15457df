"""Why a host gives no answer: each cause is named, with the step that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pipelines.failures import Failure, Unsent
from pipelines.http.policy import Counters, Policy
from pipelines.http.session import Session
from pipelines.http.write_once import send_once
from pipelines.sources.reading import Api
from tests.sandbox.server import Request, Response, Server
from tests.support.tls import serve_tls

ELSEWHERE = "https://rollcall.invalid"
PROXY_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


class Answer:
    """A server that gives one answer to every request; as a proxy, to CONNECT."""

    status = 200

    def handle(self, request: Request) -> Response:
        return Response(self.status, {"fine": True})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with Server(Answer()) as served:
        yield served


def ask(url: str) -> tuple[str, str]:
    """Return why one GET fails, and the next step."""
    with pytest.raises(Failure) as failed:
        session = Session("acme", url, Policy(wait=0.001), Counters(), tenant_setting="org_id")
        Api(url, session).get("things")
    return failed.value.why, failed.value.next


@pytest.mark.parametrize(
    ("status", "why", "remedy"),
    [
        (407, "asks for a name and a password", "http://NAME:PASSWORD@HOST:PORT"),
        (403, "the proxy refused", "allow rollcall.invalid:443, or name the host in NO_PROXY"),
    ],
)
def test_a_proxy_that_refuses_is_told_by_cause(server, monkeypatch, status, why, remedy):
    """A proxy that wants a login, and one that forbids the host, have different next steps."""
    server.vendor.status = status
    monkeypatch.setenv("HTTPS_PROXY", server.url)

    said, next = ask(ELSEWHERE)

    assert why in said and remedy in next


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "http://proxy.invalid:3128"])
def test_a_proxy_that_is_not_there_is_told(server, monkeypatch, proxy):
    """A proxy that cannot be reached sends people to HTTPS_PROXY, and not to the vendor's host."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    said, next = ask(ELSEWHERE)

    assert "the proxy cannot be reached" == said
    assert "check HTTPS_PROXY, or name rollcall.invalid:443 in NO_PROXY" == next


@pytest.mark.parametrize(
    ("host", "days", "is_trusted", "why", "remedy"),
    [
        ("127.0.0.1", 9, False, "is not trusted", "set REQUESTS_CA_BUNDLE to the file"),
        ("127.0.0.2", 9, True, "is of another host", "check SOURCES__ACME__BASE_URL"),
        ("127.0.0.1", -1, True, "is not valid today", "check the clock of this machine"),
    ],
)
def test_a_bad_certificate_is_told_by_cause(
    server, tmp_path, monkeypatch, host, days, is_trusted, why, remedy
):
    """An unknown signer, another host's certificate and an old one have different next steps."""
    pem = serve_tls(server, tmp_path, host, days)
    if is_trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", pem)
    url = server.url.replace("http:", "https:")

    said, next = ask(url)

    assert why in said and remedy in next
    assert [] == server.log
    with pytest.raises(Unsent) as unsent:
        send_once(Session("acme", url, Policy(), Counters()), "POST", f"{url}/things", {"a": 1})
    assert why in unsent.value.why and remedy in unsent.value.next


def test_a_port_without_tls_and_a_missing_bundle_are_told(server, monkeypatch):
    """A port that speaks no TLS, and a certificate file that is missing, are named at once."""
    url = server.url.replace("http:", "https:")

    assert ("does not speak TLS", "check SOURCES__ACME__BASE_URL and its port") == (
        ask(url)[0][-18:],
        ask(url)[1],
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    assert "correct REQUESTS_CA_BUNDLE" == ask(url)[1]


@pytest.mark.parametrize(
    ("find_url", "remedy"),
    [
        (lambda server: ELSEWHERE, "whether this machine can look up names (DNS)"),
        (lambda server: "http://127.0.0.1:9", "check SOURCES__ACME__BASE_URL: no service answers"),
    ],
    ids=["an unknown name", "no service"],
)
def test_a_host_that_is_not_there_is_told_by_cause(
    server, find_url: Callable[[Server], str], remedy
):
    """A name that nobody knows and a port without a service have different next steps."""
    assert remedy in ask(find_url(server))[1]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (404, "check SOURCES__ACME__BASE_URL and SOURCES__ACME__ORG_ID"),
        (403, "give the credential of acme the right to this"),
        (503, "run the same command again later"),
    ],
)
def test_a_status_has_a_next_step(server, status, remedy):
    """A wrong path, a missing right and a vendor that is down have different next steps."""
    server.vendor.status = status

    assert remedy in ask(server.url)[1]
