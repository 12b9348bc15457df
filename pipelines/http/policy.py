"""How vendors are called: limits, counters, and the remedy for each kind of failure."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

import requests

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text

RETRIED_STATUSES = {202, 408, 425, 429, 500, 501, 502, 503, 504}
NEXT_CHECK = "run `rollcall check`"
NEXT_SYNC = "run the same command again later"


@dataclass(frozen=True)
class Policy:
    """How fast one source may be called, and how long it may take; times are in seconds."""

    requests_per_second: float = 10.0
    concurrency: int = 4
    attempts: int = 8
    wait: float = 0.5  # before the second attempt; doubled before each further attempt
    longest_wait: float = 60.0
    budget: float = 600.0  # for all waits of one source together
    connect_timeout: float = 10.0
    read_timeout: float = 60.0  # how long no byte may come
    deadline: float = 180.0  # of one attempt, from the name look-up to the last byte
    max_bytes: int = 64 * 2**20  # of one response, unpacked


class Signer(Protocol):
    """Puts a credential on each attempt of a request, and sees each response (`note`).
    `renew` returns whether it replaced a refused credential.
    `remedy` says which setting holds the credential, and where the vendor shows it."""

    remedy: str

    def sign(self, request: requests.PreparedRequest) -> None: ...
    def note(self, response: requests.Response) -> None: ...
    def renew(self, request: requests.PreparedRequest) -> bool: ...


@dataclass
class Counters:
    """Counts of what one source was asked, for `runs` and `run_resources`; shared by threads."""

    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    pages: Counter[str] = field(default_factory=Counter)
    rows_read: Counter[str] = field(default_factory=Counter)
    rows_kept: Counter[str] = field(default_factory=Counter)  # unchanged, so not read again
    mode: str = "full"
    reported: dict[str, int] = field(default_factory=dict)
    calls: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # endpoint, parameters
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # for the end of the run, and no warnings
    accepted: list[str] = field(default_factory=list)  # changes of columns that were accepted
    as_of: datetime | None = None  # of the data, where it is older than the run
    ends: float = float("inf")  # when the run must be over, on the monotonic clock
    lock: threading.Lock = field(default_factory=threading.Lock)

    def warn(self, text: str) -> None:
        with self.lock:
            if text not in self.warnings:
                self.warnings.append(text)


def origin_of(url: str) -> str:
    """Return a URL's scheme, host and port; for an invalid URL, a text that no origin equals."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or "@" in parts.netloc:
        return f"an invalid address ({redact_text(url.split('?')[0], 80)})"
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


def check_url(setting: str, url: str) -> str:
    """Return a base URL from the settings. Raises Misconfigured unless it is https or loopback."""
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not origin_of(url).startswith("https://" if not local else "http"):
        raise Misconfigured(
            setting,
            "it must be an https:// address (http:// is for this machine only)",
            f"set {setting}",
        )
    return url


def find_request_id(response: requests.Response) -> str:
    """Return the vendor's own id of a request, by which its support finds it; empty without one."""
    for name, value in response.headers.items():
        if name.lower().endswith("request-id"):
            return f" (request {redact_text(value, 80)})"
    return ""
