"""Okta's rate limits: real counters per bucket and minute, told in the headers of every answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.sandbox.okta.switches import Refused, Switches

WINDOW = 60.0
BUCKETS = {"users", "groups", "apps", "logs"}  # lists; single objects have a bucket of their own


@dataclass
class Counter:
    """The requests of one bucket since its minute began."""

    began: float
    used: int = 0


class Limits:
    """The counters of one org."""

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}

    def count(
        self, switches: Switches, method: str, path: str, now: datetime, ticks: float
    ) -> dict[str, str | list[str]]:
        """Count a request and return its headers, or refuse it with them."""
        bucket = bucket_of(method, path)
        counter = self.counters.get(bucket)
        if counter is None or ticks - counter.began >= WINDOW:
            counter = self.counters[bucket] = Counter(ticks)
        limit = int(switches.rate_limits.get(bucket, switches.rate_limit) * switches.token_share)
        # rounded up: before that second, the bucket is not yet full again
        reset = int(now.timestamp() + WINDOW - (ticks - counter.began)) + 1
        if switches.concurrency_refusals > 0:
            switches.concurrency_refusals -= 1
            raise Refused(429, "E0000047", headers=_headers(0, 0, reset))
        if counter.used >= limit:
            raise Refused(429, "E0000047", headers=_headers(limit, 0, reset))
        counter.used += 1
        return _headers(limit, limit - counter.used, reset)


def bucket_of(method: str, path: str) -> str:
    """Return the bucket of a request: `users`, `users/{id}`, `update users/{id}`, `other`, …"""
    parts = path.strip("/").split("/")[2:]
    if len(parts) == 1 and parts[0] in BUCKETS:
        return parts[0]
    if len(parts) == 2 and parts[0] in BUCKETS and parts[1] != "rules":
        change = "" if method == "GET" else "update "
        return f"{change}{parts[0]}/{{id}}"
    return "other"


def _headers(limit: int, remaining: int, reset: int) -> dict[str, str | list[str]]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(reset),
    }
