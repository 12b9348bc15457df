"""HTTP with vendors: waiting, retries, bodies, hosts and certificates."""

from __future__ import annotations

import gzip
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.failures import Unknown, Unreadable, Unsent
from pipelines.http.policy import Counters, Policy
from pipelines.http.rate_limit import Pace
from pipelines.http.session import Session
from pipelines.http.write_once import send_once
from pipelines.sources.reading import Api
from tests.sandbox.server import Request, Response, Server

FINE = Response(200, {"fine": True})


class Script:
    """A vendor that gives these answers in turn, and repeats the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Response | Callable[[Request], Response]] = [FINE]

    def handle(self, request: Request) -> Response:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request) if callable(answer) else answer


class Clock:
    """A clock that advances only while code waits."""

    def __init__(self) -> None:
        self.now, self.waits = 1000.0, []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def vendor() -> Iterator[Server]:
    with Server(Script()) as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    stand_in = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    monkeypatch.setattr("pipelines.http.session.time", stand_in)
    monkeypatch.setattr("pipelines.http.rate_limit.time", stand_in)
    monkeypatch.setattr("pipelines.http.auth.time", stand_in)
    return clock


def ask(server: Server, *answers: Any, **limits: float) -> Any:
    """Return the result of one GET that these answers are for."""
    if answers:
        server.vendor.answers = [*answers]
    policy = Policy(**{"requests_per_second": 0, "wait": 0.002} | limits)
    return Api(server.url, Session("vendor", server.url, policy, Counters())).get("things")


# ---- waiting


def soon(seconds: float, spelling: Callable[[datetime], str]) -> str:
    return spelling(datetime.now(UTC) + timedelta(seconds=seconds))


SPELLINGS = {
    "0": 0,
    "1": 1,
    "1.5": 1.5,
    "400": 400,
    "-5": 0,
    "a date": (format_datetime, 30),
    "RFC 3339": (datetime.isoformat, 30),
    "Mon, 01 Jan 2001 00:00:00 GMT": None,
    "2001-01-01T00:00:00Z": None,
    "soon": None,
    "inf": None,
    "nan": None,
    "": None,
}


@pytest.mark.parametrize("spelt", SPELLINGS)
def test_it_waits_as_long_as_the_vendor_asks_in_any_spelling(vendor, clock, spelt):
    """A Retry-After is followed in every spelling; an unreadable one gets the default waits."""
    awaited = SPELLINGS[spelt]
    header = soon(awaited[1], awaited[0]) if isinstance(awaited, tuple) else spelt

    assert {"fine": True} == ask(vendor, Response(429, b"", {"retry-after": header}), FINE, wait=8)

    waited = clock.waits[0]
    if awaited is None:
        assert 4 <= waited <= 8
    elif isinstance(awaited, tuple):
        assert awaited[1] - 5 < waited <= awaited[1] + 1  # the vendor's clock has whole seconds
    else:
        assert awaited == waited


def test_without_a_word_each_wait_is_longer_up_to_a_minute(vendor, clock, monkeypatch):
    """Without a Retry-After each wait is longer, up to a minute."""
    monkeypatch.setattr("pipelines.http.rate_limit.Pace.slow_down", lambda pace, pause: None)
    with pytest.raises(Unreadable, match="429, 8 times"):
        ask(vendor, Response(429), wait=2)

    longest = [2, 4, 8, 16, 32, 60, 60]
    for wait, most in zip(clock.waits, longest, strict=True):
        assert most / 2 <= wait <= most


def test_a_wait_beyond_the_budget_is_not_begun(vendor, clock):
    """A wait beyond the remaining budget is not started."""
    with pytest.raises(Unreadable, match=r"3600 s more and 600 s are left"):
        ask(vendor, Response(503, b"", {"retry-after": "3600"}), FINE)

    assert (1, []) == (len(vendor.log), clock.waits)


def test_what_is_being_built_is_waited_for_until_the_budget_ends(vendor, clock):
    """A list still being built is awaited until the budget ends.

    A report that never comes ends the wait too, however little time the vendor announces.
    """
    with pytest.raises(Unreadable, match="202"):
        ask(vendor, Response(202, b"", {"retry-after": "0"}), wait=0.5)

    assert 595 < sum(clock.waits) <= 600
    assert len(vendor.log) < 1300


def test_a_202_does_not_use_up_retries(vendor, clock):
    """Answers of 202 do not use up the retries of a broken answer."""
    building, broken = Response(202, b"", {"retry-after": "0"}), Response(200, b"[1")

    assert ask(vendor, *[building] * 5, broken, broken, FINE)


def test_after_429_all_requests_slow_down_then_recover(clock):
    """After a 429 all threads send more slowly, and then faster again."""
    pace = Pace(10)
    pace.slow_down(0)
    slower = pace.interval
    for _ in range(200):
        pace.wait()

    assert (0.1, True) == (pace.interval, slower > 0.1)


@pytest.mark.parametrize("burst, fine", [(1, True), (3, True), (7, True), (8, False), (50, False)])
def test_a_burst_of_errors_is_outlasted_up_to_a_point(vendor, clock, burst, fine):
    """A short burst of errors is retried successfully; a long one fails."""
    answers = [Response(503)] * burst + [FINE]
    if fine:
        assert ask(vendor, *answers)
    else:
        with pytest.raises(Unreadable):
            ask(vendor, *answers)


# ---- bodies


def test_a_body_cut_anywhere_is_asked_for_again(vendor):
    """A body cut at any byte is requested again."""
    body = {"rows": [{"id": number, "name": "Ω" * 5} for number in range(40)]}
    whole = Response(200, body).encoded()

    for cut in range(0, len(whole), 10):
        for headers in ({}, {"content-length": ""}):
            assert body == ask(vendor, Response(200, whole, headers, cut), Response(200, body))
    assert 2 * 2 * len(range(0, len(whole), 10)) == len(vendor.log)


def test_one_byte_at_a_time_ends_at_the_deadline(vendor):
    """An answer that arrives byte by byte ends at the deadline."""
    with pytest.raises(Unreadable, match="silent"):
        ask(vendor, Response(200, b"1" * 500, drip=0.01), deadline=0.2)

    assert 3 == len(vendor.log)


@pytest.mark.parametrize(
    "stall", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["a byte at a time", "100 Continue"]
)
def test_an_answer_that_never_begins_ends_at_the_deadline(vendor, stall):
    """An attempt whose headers never end is given up at its deadline, reads and writes alike."""
    vendor.vendor.answers = [Response(stall=stall)]
    policy, counters = Policy(wait=0.002, deadline=0.2), Counters(ends=time.monotonic() + 20)
    session = Session("vendor", vendor.url, policy, counters)
    with pytest.raises(Unreadable, match="silent"):
        Api(vendor.url, session).get("things")
    assert 3 == len(vendor.log)

    with pytest.raises(Unknown, match="did not arrive"):
        send_once(session, "POST", f"{vendor.url}/things", {})
    assert 4 == len(vendor.log)


def test_no_request_is_sent_after_the_end_of_the_run(vendor):
    """A run has one deadline: an attempt ends there, and no other one begins."""
    vendor.vendor.answers = [Response(stall=b"H")]
    counters = Counters(ends=time.monotonic() + 0.3)
    begun = time.monotonic()

    with pytest.raises(Unreadable, match="SYNC__MAX_HOURS"):
        Api(vendor.url, Session("vendor", vendor.url, Policy(wait=0.002), counters)).get("things")

    assert (1, True) == (len(vendor.log), time.monotonic() - begun < 10)


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_read(vendor):
    """A compressed answer that unpacks beyond the limit is not read."""
    bomb = gzip.compress(b" " * (80 << 20))

    with pytest.raises(Unreadable, match="larger than 64 MiB"):
        ask(vendor, Response(200, bomb, {"content-encoding": "gzip"}))
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        ask(vendor, Response(200, b" " * (3 << 20)), max_bytes=1 << 20)
    assert {"fine": True} == ask(vendor, Response(200, b" " * 1000 + FINE.encoded()))


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_login_page_is_told_as_one_and_not_asked_for_again(vendor, kind):
    """A login page in place of JSON is named as a web page, and not requested again."""
    page = b"\n<!-- sso -->\n<HTML><body>Sign in</body></HTML>"

    with pytest.raises(Unreadable, match="web page"):
        ask(vendor, Response(200, page, {"content-type": kind}))

    assert 1 == len(vendor.log)


@pytest.mark.parametrize("body", [b"[NaN]", b"[Infinity]", b"[" * 10**5, b'{"a":1', b"", b"a" * 9])
def test_what_is_no_json_is_asked_for_twice_more(vendor, body):
    """An answer that is not JSON is requested twice more."""
    with pytest.raises(Unreadable, match="not JSON" if body else "the body is empty"):
        ask(vendor, Response(200, body))

    assert 3 == len(vendor.log)


def test_a_long_refusal_is_told_in_one_line_at_once(vendor):
    """A long error answer becomes one short line at once.

    A pattern that tries every start of a long word would take an hour here.
    """
    with pytest.raises(Unreadable) as refused:
        ask(vendor, Response(400, b"a" * (1 << 20)))

    assert len(refused.value.why) < 400


# ---- hosts


def test_a_refused_connection_and_an_unknown_host_are_named(vendor, monkeypatch):
    """A refused connection and an unknown host are named."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    vendor.close()
    with pytest.raises(Unreadable, match=r"127.0.0.1:.* refused"):
        ask(vendor)
    counters = Counters()
    host = "https://rollcall.invalid"
    with pytest.raises(Unreadable, match=r"rollcall.invalid.*unknown host name"):
        Api(host, Session("vendor", host, Policy(wait=0.001), counters)).get("things")
    assert 6 == counters.requests


def test_a_certificate_that_nobody_signed_is_refused_at_once(vendor, tmp_path, monkeypatch):
    """A certificate without a trusted signer is refused at once."""
    import ssl

    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")),
        ],
        capture_output=True,
    )
    assert 0 == made.returncode, "openssl makes the certificate of this test"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    vendor._http.socket = context.wrap_socket(vendor._http.socket, server_side=True)
    url, counters = vendor.url.replace("http:", "https:"), Counters()

    with pytest.raises(Unreadable, match=r"certificate of 127.0.0.1:.* is not trusted"):
        Api(url, Session("vendor", url, Policy(), counters)).get("things")

    assert (1, []) == (counters.requests, vendor.log)
    with pytest.raises(Unsent, match="not sent"):
        send_once(Session("vendor", url, Policy(), counters), "POST", f"{url}/things", {"a": 1})
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate"))
    send_once(Session("vendor", url, Policy(), counters), "POST", f"{url}/things", {"a": 1})
    assert 1 == vendor.count("POST")
