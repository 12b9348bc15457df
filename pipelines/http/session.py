"""The one session through which every vendor is called.

dlt's RESTClient pages on top of this session. The defaults of the requests library would lose data
or secrets: a `next` link may lead to another host, a redirect may carry a key along, a slow body
may never end, and a token may be refused before it expires. Therefore

* a request goes to the configured scheme, host and port or nowhere, and is signed only then;
* 202, 429, 5xx and broken bodies are retried within a budget that honours `Retry-After`;
* a token is renewed before it expires, and once when it is refused;
* every attempt has a deadline, from the name look-up to the last byte, and so has the whole run;
* every body has a maximum size, must be JSON, and is parsed once.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from pipelines import clock
from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import NotJson, parse
from pipelines.http.causes import (
    AT_ONCE,
    SOON_AGAIN,
    Place,
    find_cause,
    find_page_remedy,
    find_status_remedy,
)
from pipelines.http.policy import (
    NEXT_CHECK,
    NEXT_SYNC,
    RETRIED_STATUSES,
    Counters,
    Policy,
    Signer,
    find_request_id,
    origin_of,
)
from pipelines.http.rate_limit import Pace, choose_pause, parse_http_date, read_rate_limit
from pipelines.redact import redact_text


class AttemptFailed(Exception):
    """An attempt without a usable response. `attempts` is how many such attempts may be made, and
    `remedy` what to do after the last one."""

    def __init__(
        self,
        why: str,
        attempts: int,
        response: requests.Response | None = None,
        remedy: str = NEXT_SYNC,
    ) -> None:
        super().__init__(why)
        self.attempts, self.response, self.remedy = attempts, response, remedy

    @property
    def is_being_built(self) -> bool:
        return self.response is not None and self.response.status_code == 202


class Session(requests.Session):
    """A requests session that calls one origin only, by the rules above.

    `send` returns a response that is 2xx and JSON (already parsed), or raises: Denied for 401 and
    403, Unreadable for anything else. The failure has the status and the body of the response.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        policy: Policy,
        counters: Counters,
        signer: Signer | None = None,
        *,
        address_setting: str = "base_url",
        tenant_setting: str = "",
    ) -> None:
        super().__init__()
        self.source, self.policy, self.counters, self.signer = source, policy, counters, signer
        self.origin = origin_of(base_url)
        names = (address_setting, tenant_setting or address_setting)
        settings = (f"SOURCES__{source}__{name}".upper() for name in names)
        self.place = Place(source, urlsplit(self.origin).netloc, *settings)
        self.pace = Pace(policy.requests_per_second, policy.concurrency)
        self.clock: datetime | None = None  # the `Date` of the last response, if credible
        self.auth = lambda request: request  # keeps .netrc out; `signer` signs each attempt
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=max(policy.concurrency, 2)))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        request.hooks = {"response": []}
        options |= {"stream": True, "allow_redirects": False}
        options["timeout"] = (self.policy.connect_timeout, self.policy.read_timeout)
        renewed, attempt, built = False, 0, 0
        while True:
            attempt += 1
            try:
                return self._attempt(request, options)
            except Denied as denied:
                if renewed or denied.status != 401 or not self.signer:
                    raise
                renewed = self.signer.renew(request)
                if not renewed:
                    raise
            except AttemptFailed as failed:
                built += failed.is_being_built
                self._wait(request, failed, attempt, attempt - built)

    def _note(self, response: requests.Response) -> None:
        """Keep what a response says beside its body: limits, credentials, and the vendor's time,
        unless that time is so far from ours that one of the two is wrong."""
        self.pace.follow(read_rate_limit(response))
        if self.signer:
            self.signer.note(response)
        said = parse_http_date(response.headers.get("date", ""))
        if said is None or clock.is_credible(said):
            self.clock = said or self.clock
        else:
            self.counters.warn(
                f"{self.source}: its clock says {said:%Y-%m-%d}, ours {datetime.now(UTC):%Y-%m-%d};"
                " ours is used, check the clock of this machine"
            )

    def _attempt(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        response = self._fetch(request, options)
        status = response.status_code
        if status in RETRIED_STATUSES:
            attempts = self.count_attempts(request, status)
            raise AttemptFailed(f"the answer was {status}", attempts, response)
        if not response.ok:
            text = redact_text(response.content[:10_000].decode(errors="replace"))
            why = f"the answer was {status}{find_request_id(response)}{text and f': {text}'}"
            kind = Denied if status in (401, 403) else Unreadable
            remedy = self._find_remedy(status)
            raise kind(self.describe(request), why, remedy, status, response.content)
        if not response.content and request.method == "GET" and status != 204:
            raise AttemptFailed("the body is empty", SOON_AGAIN)
        try:
            body = parse(response.content) if response.content else None
        except NotJson as error:
            if b"<html" in response.content[:2000].lower():
                why = "a web page came instead of JSON, probably from a login or a proxy"
                remedy = find_page_remedy(self.place)
                raise Unreadable(self.describe(request), why, remedy, status) from None
            raise AttemptFailed(f"the body is not JSON ({error})", SOON_AGAIN) from None
        response.json = lambda **_: body  # type: ignore[method-assign]
        return response

    def count_attempts(self, request: requests.PreparedRequest, status: int) -> int:
        """Return how often a request may be answered with a status that is worth another try."""
        return self.policy.attempts

    def _fetch(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        """Return the response with its body; redirects are followed within the origin."""
        for _ in range(5):
            self._check_origin(request)
            try:
                with self.pace.turn():
                    if self.signer:
                        self.signer.sign(request)
                    response = self.send_in_time(request, options)
            except (requests.RequestException, HTTPError, OSError) as error:
                cause = find_cause(error, self.place)
                if cause.attempts == AT_ONCE:
                    raise Unreadable(self.describe(request), cause.why, cause.remedy) from None
                raise AttemptFailed(cause.why, cause.attempts, None, cause.remedy) from None
            if not response.is_redirect:
                return response
            request.url = urljoin(str(request.url), response.headers["location"])
        remedy = self._find_remedy(404)
        raise Unreadable(self.describe(request), "its redirects form a circle", remedy)

    def send_in_time(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        """Return the response with its body. Raises requests.Timeout at the deadline of an attempt.

        The timeouts of the requests library start again with every byte, and do not hold for name
        look-ups. Each attempt therefore runs in its own thread, which is abandoned at the deadline.
        """
        left = self.counters.ends - time.monotonic()
        if left <= 0:
            raise Unreadable(
                self.describe(request),
                "the run has taken as long as a run may take (SYNC__MAX_HOURS)",
                "look for the slow source in `rollcall status`, or set SYNC__MAX_HOURS",
            )
        with self.counters.lock:
            self.counters.requests += 1
        done: Future[requests.Response] = Future()

        def attempt() -> None:
            try:
                response = requests.Session.send(self, request, **options)
                self._read_body(response)
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(response)

        threading.Thread(target=attempt, daemon=True).start()
        try:
            response = done.result(min(self.policy.deadline, left))
        except TimeoutError:
            raise requests.Timeout from None
        self._note(response)
        return response

    def _read_body(self, response: requests.Response) -> None:
        """Read the body up to a deadline and a maximum size, which the requests library lacks."""
        end = time.monotonic() + self.policy.deadline
        parts, size = [], 0
        while part := response.raw.read1(1 << 16, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self.policy.max_bytes:
                response.close()
                raise Unreadable(
                    self.describe(response.request),
                    f"one response is larger than {self.policy.max_bytes >> 20} MiB",
                    "set a smaller page size",
                )
            if time.monotonic() > end:
                response.close()
                raise requests.Timeout
        response._content = b"".join(parts)
        response._content_consumed = True

    def _check_origin(self, request: requests.PreparedRequest) -> None:
        target = origin_of(str(request.url))
        if target != self.origin:
            raise Unreadable(
                f"{self.source}: a link or redirect",
                f"it leads to {target}, but requests go to {self.origin} only; nothing was sent",
                f"check {self.place.setting}, and the region of the tenant",
            )

    def _wait(
        self, request: requests.PreparedRequest, failed: AttemptFailed, attempt: int, failures: int
    ) -> None:
        """Sleep before the next attempt. Raises Unreadable if no attempt is left.

        While the vendor still builds the response (202), only the budget ends the attempts.
        """
        status = failed.response.status_code if failed.response is not None else None
        if failures >= failed.attempts and not failed.is_being_built:
            why = f"{failed}, {failures} times"
            raise Unreadable(self.describe(request), why, failed.remedy, status)
        pause = choose_pause(failed.response, self.policy, attempt)
        if failed.is_being_built:
            pause = max(pause, self.policy.wait)  # so that the budget is used up in the end
        with self.counters.lock:
            left = self.policy.budget - self.counters.waited
            if pause <= left:
                self.counters.retries += 1
                self.counters.waited += pause
        if pause > left:
            raise Unreadable(
                self.describe(request),
                f"{failed}; it asks for {pause:.0f} s more and {left:.0f} s are left of the"
                f" {self.policy.budget:.0f} s that waiting for this source may take",
                NEXT_SYNC,
                status,
            )
        if status == 429:
            self.pace.slow_down(pause)
            self.pace.run_fewer(read_rate_limit(failed.response))
        time.sleep(pause)

    def _find_remedy(self, status: int) -> str:
        return find_status_remedy(
            status, self.place, self.signer.remedy if self.signer else NEXT_CHECK
        )

    def describe(self, request: requests.PreparedRequest) -> str:
        return f"{self.source}: {request.method} {urlsplit(str(request.url)).path}"
