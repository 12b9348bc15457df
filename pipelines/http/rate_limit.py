"""How fast a vendor may be called, and how long it asks callers to wait."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from pipelines.http.policy import Policy

NEARLY_USED_UP = 0.1  # of a limit: what is left of it is spread over the time until its reset
LONGEST_PAUSE = 60.0  # between two requests, for such a limit


class Pace:
    """Limits the requests per second, with bursts of one second's worth; slower after a 429."""

    def __init__(self, per_second: float, at_a_time: int = 4) -> None:
        self.interval = self.fastest = 1 / per_second if per_second > 0 else 0.0
        self.next = self.slowed = self.lowered = 0.0
        self.at_a_time, self.running = max(at_a_time, 1), 0
        self.lock = threading.Lock()
        self.ended = threading.Condition(self.lock)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request may be sent, and count it as running inside the `with` block."""
        self.wait()
        with self.ended:
            self.ended.wait_for(lambda: self.running < self.at_a_time)
            self.running += 1
        try:
            yield
        finally:
            with self.ended:
                self.running -= 1
                self.ended.notify()

    def wait(self) -> None:
        with self.lock:
            now = time.monotonic()
            self.next = max(self.next, now - 1.0) + self.interval
            pause = self.next - now
            self.interval = max(self.fastest, self.interval * 0.98)
        if pause > 0:
            time.sleep(pause)

    def slow_down(self, pause: float) -> None:
        with self.lock:
            now = time.monotonic()
            if now >= self.slowed:  # several threads may get a 429 at once
                self.interval = min(max(self.interval * 2, 0.05), 5.0)
            self.slowed = self.next = max(self.next, now + pause)

    def run_fewer(self, limit: RateLimit | None) -> None:
        """Halve the number of concurrent requests if that was the limit. Refusals that come
        together halve it only once."""
        with self.lock:
            now = time.monotonic()
            if limit and limit.total == 0 and now >= self.lowered + 1:
                self.at_a_time, self.lowered = max(self.at_a_time // 2, 1), now

    def follow(self, limit: RateLimit | None) -> None:
        """Send more slowly while little is left of a limit, so that it is never used up."""
        if limit and limit.total and limit.remaining <= limit.total * NEARLY_USED_UP:
            pause = min(limit.resets_in / (limit.remaining + 1), LONGEST_PAUSE)
            with self.lock:
                self.next = max(self.next, time.monotonic() + pause)


@dataclass(frozen=True)
class RateLimit:
    """What a response says about the limit that its request counts towards.

    A refusal with a total of 0 is about the number of requests at a time; when it ends is not
    known, whatever its reset says.
    """

    total: int
    remaining: int
    resets_in: float  # seconds, by the vendor's own clock, and one more because it has whole ones


def read_rate_limit(response: requests.Response) -> RateLimit | None:
    """Return the limit in `X-Rate-Limit-Limit`, `-Remaining` and `-Reset`; None without one."""
    names = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
    try:
        total, remaining, reset = (int(response.headers[name]) for name in names)
    except (KeyError, ValueError):
        return None
    now = parse_http_date(response.headers.get("date", "")) or datetime.now(UTC)
    return RateLimit(total, remaining, max(reset - now.timestamp(), 0.0) + 1)


def choose_pause(response: requests.Response | None, policy: Policy, attempt: int) -> float:
    """Return the seconds to wait before the next attempt: what the vendor asks for, or else a wait
    that doubles with each attempt."""
    if (asked := read_asked_pause(response)) is not None:
        return asked
    longest = min(policy.longest_wait, policy.wait * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)


def read_asked_pause(response: requests.Response | None) -> float | None:
    """Return the seconds that a response asks to wait, by Retry-After or by a used-up limit."""
    if response is None:
        return None
    asked = read_retry_after(response)
    limit = read_rate_limit(response) if response.status_code == 429 else None
    if asked is not None or limit is None or limit.remaining > 0:
        return asked
    return limit.resets_in if limit.total else random.uniform(1.0, 2.0)


def read_retry_after(response: requests.Response) -> float | None:
    """Return the seconds that Retry-After asks for, whether it gives a number or a time."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text)) if float(text) < float("inf") else None
    except ValueError:
        pass
    now = parse_http_date(response.headers.get("date", "")) or datetime.now(UTC)
    until = parse_http_date(text)
    return (until - now).total_seconds() if until and until > now else None


def parse_http_date(text: str) -> datetime | None:
    """Return the time in a header, written as an HTTP date or RFC 3339; None if it is neither."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(text)
        except (ValueError, TypeError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
