"""Okta's rate limits: real counters per bucket and minute, told in the headers of every answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.sandbox.okta.switches import Refused, Switches
from tests.sandbox.server import Request

WINDOW = 60.0
BUCKETS = {"users", "groups", "apps", "logs"}  # lists; single objects have a bucket of their own


@dataclass
class Counter:
    """The requests of one bucket since its minute began."""

    began: float
    used: int = 0


class Limits:
    """The counters of one org: of each bucket, and of each token's share of it."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, str], Counter] = {}

    def count(
        self, switches: Switches, request: Request, now: datetime, ticks: float
    ) -> dict[str, str | list[str]]:
        """Count a request and return its headers, or refuse it with them."""
        bucket = bucket_of(request.method, request.path)
        whole = switches.rate_limits.get(bucket, switches.rate_limit)
        share = int(whole * switches.token_share)
        org = self.counter(bucket, "", ticks)
        own = self.counter(bucket, request.headers.get("authorization", ""), ticks)
        left = min(whole - org.used, share - own.used)
        # rounded up: before that second, the bucket is not yet full again
        reset = int(now.timestamp() + WINDOW - (ticks - own.began)) + 1
        if switches.concurrency_refusals > 0:
            switches.concurrency_refusals -= 1
            raise Refused(429, "E0000047", headers=_headers(0, 0, reset))
        if left <= 0:
            raise Refused(429, "E0000047", headers=_headers(share, 0, reset))
        org.used, own.used = org.used + 1, own.used + 1
        return _headers(share, left - 1, reset)

    def counter(self, bucket: str, token: str, ticks: float) -> Counter:
        found = self.counters.get((bucket, token))
        if found is None or ticks - found.began >= WINDOW:
            found = self.counters[bucket, token] = Counter(ticks)
        return found


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
