"""The parts of a vendor's `check` module: probes, and the warning that a probe may raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """One check. `call` returns what was found, or raises a ProbeWarning or a Failure.

    `right` names what the credential needs for it, and `purpose` what a sync reads there.
    """

    what: str
    call: Callable[[], str]
    right: str = ""
    purpose: str = ""


class ProbeWarning(Exception):
    """A check that succeeded, but found a problem. `next` says what to change."""

    def __init__(self, why: str, next: str) -> None:
        super().__init__(why)
        self.next = next
