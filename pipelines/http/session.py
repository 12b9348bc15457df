"""The one policy for talking to vendors.

dlt's RESTClient pages on top of this session. It exists because the defaults lose data or secrets:
a `next` link may lead to another host, a redirect may carry a key along, a slow body may never end,
a token may be refused before its time. Here

* a request goes to the configured scheme, host and port or nowhere, and is signed only then;
* 202, 429, 5xx and broken bodies are repeated within a budget, `Retry-After` in any spelling;
* a token is renewed before its end, and once when it is refused;
* every body has a deadline and a size, must be JSON, and is parsed once.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError

from pipelines.failures import Denied, Misconfigured, Unreadable
from pipelines.files.json_text import NotJson, parse
from pipelines.http.rate_limit import Pace, moment, retry_after
from pipelines.redact import plain

AGAIN = {202, 408, 425, 429, 500, 501, 502, 503, 504}
CHECK = "run `rollcall check`"
LATER = "run `rollcall sync` again later"


@dataclass(frozen=True)
class Policy:
    """How hard one source may be asked, and how long it may take (seconds)."""

    requests_per_second: float = 10.0
    concurrency: int = 4
    attempts: int = 8
    wait: float = 0.5  # before the second attempt; doubled for each further one
    longest_wait: float = 60.0
    budget: float = 600.0  # all waiting of one source together
    connect: float = 10.0
    silence: float = 60.0  # no byte for so long
    deadline: float = 180.0  # one answer, from its first byte to its last
    largest: int = 64 * 2**20  # bytes of one answer, unpacked


class Signer(Protocol):
    """Puts a credential on a request, and says whether a refused one has been replaced."""

    def sign(self, request: requests.PreparedRequest) -> None: ...
    def renew(self, request: requests.PreparedRequest) -> bool: ...


@dataclass
class Tally:
    """What one source was asked, for `runs` and `run_resources`. Shared by threads."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    pages: Counter[str] = field(default_factory=Counter)
    rows_read: Counter[str] = field(default_factory=Counter)
    rows_kept: Counter[str] = field(default_factory=Counter)  # unchanged, so not read again
    mode: str = "full"
    reported: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    client: Any = None  # what reads the source, for `rollcall check`
    lock: threading.Lock = field(default_factory=threading.Lock)

    def warn(self, text: str) -> None:
        with self.lock:
            if text not in self.warnings:
                self.warnings.append(text)


class Trouble(Exception):
    """An attempt that gave nothing usable; worth so many attempts in all."""

    def __init__(self, why: str, attempts: int, response: requests.Response | None = None) -> None:
        super().__init__(why)
        self.attempts, self.response = attempts, response

    @property
    def is_being_built(self) -> bool:
        return self.response is not None and self.response.status_code == 202


class Session(requests.Session):
    """A requests session that speaks to one origin only, by the policy above.

    `send` gives an answer that is 2xx and JSON (its `.json()` costs nothing) or raises: Denied for
    401 and 403, Unreadable for anything else, with the answer's status and body on the failure.
    """

    def __init__(
        self, source: str, base_url: str, policy: Policy, tally: Tally, signer: Signer | None = None
    ) -> None:
        super().__init__()
        self.source, self.policy, self.tally, self.signer = source, policy, tally, signer
        self.origin = origin(base_url)
        self.pace = Pace(policy.requests_per_second)
        self.clock: datetime | None = None  # what time the server said it was, last
        self.auth = lambda request: request  # keeps .netrc out; `signer` signs each attempt
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=max(policy.concurrency, 2)))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        request.hooks = {"response": []}
        options |= {
            "stream": True,
            "allow_redirects": False,
            "timeout": (self.policy.connect, self.policy.silence),
        }
        renewed, built = False, 0
        for attempt in itertools.count(1):
            try:
                return self._attempt(request, options)
            except Denied as denied:
                if renewed or denied.status != 401 or not self.signer:
                    raise
                renewed = self.signer.renew(request)
                if not renewed:
                    raise
            except Trouble as trouble:
                built += trouble.is_being_built
                self._wait(request, trouble, attempt, attempt - built)
        raise AssertionError("unreachable")

    def _attempt(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        response = self._answer(request, options)
        status = response.status_code
        if status in AGAIN:
            raise Trouble(f"the answer was {status}", self.policy.attempts, response)
        if not response.ok:
            said = plain(response.content[:10_000].decode(errors="replace"))
            why = f"the answer was {status}" + (f": {said}" if said else "")
            kind = Denied if status in (401, 403) else Unreadable
            raise kind(self.name(request), why, CHECK, status, response.content)
        if not response.content and request.method == "GET" and status != 204:
            raise Trouble("the body is empty", 3)
        try:
            body = parse(response.content) if response.content else None
        except NotJson as error:
            if b"<html" in response.content[:2000].lower():
                raise Unreadable(
                    self.name(request),
                    "a web page came instead of JSON, probably of a login or a proxy",
                    f"check the base URL and the credentials, then {CHECK}",
                    status,
                ) from None
            raise Trouble(f"the body is not JSON ({error})", 3) from None
        response.json = lambda **_: body  # type: ignore[method-assign]
        return response

    def _answer(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        """The answer with its body read, redirects within the origin followed."""
        for _ in range(5):
            self._stay_home(request)
            if self.signer:
                self.signer.sign(request)
            self.pace.wait()
            with self.tally.lock:
                self.tally.requests += 1
            host = urlsplit(self.origin).netloc
            try:
                response = super().send(request, **options)
                self.clock = moment(response.headers.get("date", "")) or self.clock
                self.read_body(response)
            except requests.exceptions.SSLError:
                raise Unreadable(
                    self.name(request),
                    f"the certificate of {host} is not trusted",
                    "check the base URL, or the proxy between here and there",
                ) from None
            except requests.exceptions.ProxyError:
                raise Unreadable(
                    self.name(request), "the proxy did not let it through", "check HTTPS_PROXY"
                ) from None
            except (requests.Timeout, DecodeError) as error:
                why = "was silent" if isinstance(error, requests.Timeout) else "sent a broken body"
                raise Trouble(f"{host} {why}", 3) from None
            except (requests.ConnectionError, HTTPError, OSError) as error:
                raise Trouble(f"{host} cannot be reached ({reason(error)})", 6) from None
            if not response.is_redirect:
                return response
            request.url = urljoin(str(request.url), response.headers["location"])
        raise Unreadable(self.name(request), "redirects lead in a circle", CHECK)

    def read_body(self, response: requests.Response) -> None:
        """The body, by a deadline and up to a size: requests gives neither."""
        end = time.monotonic() + self.policy.deadline
        parts, size = [], 0
        while part := response.raw.read1(1 << 16, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self.policy.largest:
                response.close()
                raise Unreadable(
                    self.name(response.request),
                    f"one answer is larger than {self.policy.largest >> 20} MiB",
                    "set a smaller page size",
                )
            if time.monotonic() > end:
                response.close()
                raise requests.Timeout
        response._content = b"".join(parts)
        response._content_consumed = True

    def _stay_home(self, request: requests.PreparedRequest) -> None:
        target = origin(str(request.url))
        if target != self.origin:
            raise Unreadable(
                f"{self.source}: a link or redirect",
                f"it leads to {target}, and requests go to {self.origin} only: nothing was sent",
                "check the base URL, and the region of the tenant",
            )

    def _wait(
        self, request: requests.PreparedRequest, trouble: Trouble, attempt: int, failed: int
    ) -> None:
        """Sleep before the next attempt, or raise when there is none: what is being built has not
        failed, and only time ends it."""
        status = trouble.response.status_code if trouble.response is not None else None
        if failed >= trouble.attempts and not trouble.is_being_built:
            raise Unreadable(self.name(request), f"{trouble}, {failed} times", LATER, status)
        pause = retry_after(trouble.response) if trouble.response is not None else None
        if pause is None:
            longest = min(self.policy.longest_wait, self.policy.wait * 2 ** (attempt - 1))
            pause = longest * random.uniform(0.5, 1.0)
        if trouble.is_being_built:
            pause = max(pause, self.policy.wait)  # so that the budget does end it
        with self.tally.lock:
            left = self.policy.budget - self.tally.waited
            if pause <= left:
                self.tally.retries += 1
                self.tally.waited += pause
        if pause > left:
            raise Unreadable(
                self.name(request),
                f"{trouble}; it asks for {pause:.0f} s more and {left:.0f} s are left of the"
                f" {self.policy.budget:.0f} s that this source may keep us waiting",
                LATER,
                status,
            )
        if status == 429:
            self.pace.slow_down(pause)
        time.sleep(pause)

    def name(self, request: requests.PreparedRequest) -> str:
        return f"{self.source}: {request.method} {urlsplit(str(request.url)).path}"


def origin(url: str) -> str:
    """Scheme, host and port. Raises Misconfigured for what cannot be asked safely."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or "@" in parts.netloc:
        return f"an address that is none ({plain(url.split('?')[0], 80)})"
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


def checked_url(setting: str, url: str) -> str:
    """A base URL from the settings. Raises Misconfigured unless https, or http on loopback."""
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not origin(url).startswith("https://" if not local else "http"):
        raise Misconfigured(
            setting,
            "it must be an https:// address (http:// is for this machine only)",
            f"set {setting}",
        )
    return url


def reason(error: BaseException) -> str:
    """The innermost reason of a connection that failed, in a few words."""
    text = repr(error)
    for mark, words in (
        ("NameResolution", "its name is not known"),
        ("Name or service not known", "its name is not known"),
        ("refused", "connection refused"),
        ("timed out", "timed out"),
        ("reset", "connection reset"),
        ("IncompleteRead", "the body was cut short"),
    ):
        if mark.lower() in text.lower():
            return words
    return type(error).__name__
