"""What a vendor's `check` module offers: probes, and the warning that a probe may raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """One thing to try, and the call that tries it: it says what it saw, or raises."""

    what: str
    call: Callable[[], str]


class Doubtful(Exception):
    """Readable, and not as it should be."""

    def __init__(self, why: str, next: str) -> None:
        super().__init__(why)
        self.next = next
