"""How vendors are called: limits, counters, and the next step of each kind of failure."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import requests

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text

NEXT_RETRY = {202, 408, 425, 429, 500, 501, 502, 503, 504}


NEXT_CHECK = "run `rollcall check`"


NEXT_SYNC = "run `rollcall sync` again later"


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
class Counters:
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
    lock: threading.Lock = field(default_factory=threading.Lock)

    def warn(self, text: str) -> None:
        with self.lock:
            if text not in self.warnings:
                self.warnings.append(text)


def origin_of(url: str) -> str:
    """Scheme, host and port. Raises Misconfigured for what cannot be asked safely."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or port is None or "@" in parts.netloc:
        return f"an address that is none ({redact_text(url.split('?')[0], 80)})"
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


def check_url(setting: str, url: str) -> str:
    """A base URL from the settings. Raises Misconfigured unless https, or http on loopback."""
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


def find_reason(error: BaseException) -> str:
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
