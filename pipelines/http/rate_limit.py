"""How fast a vendor may be called, and how long it asks callers to wait."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests


class Pace:
    """Limits the requests per second, with bursts of one second's worth; slower after a 429."""

    def __init__(self, per_second: float) -> None:
        self.interval = self.fastest = 1 / per_second if per_second > 0 else 0.0
        self.next = self.slowed = 0.0
        self.lock = threading.Lock()

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
