"""The interface of a vendor's `doorbell` module: a cheap question whether anything has happened.

A source whose vendor has a feed of events may offer a module `doorbell` with one class:

    Doorbell(client)   asks with the client that the source's `connect` returns

A doorbell decides nothing but when to sync. What it misses is found by the syncs that happen
without it.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from pipelines.http.policy import Counters
from pipelines.sources import find_offer, registry


class Doorbell(Protocol):
    """The doorbell of one tenant. It remembers what it has heard."""

    counters: Counters

    def ring(self) -> int:
        """Return how many events have happened since the last call. The first call returns 0.

        Sends one request, and does not repeat it. Raises Denied or Unreadable.
        """
        ...

    def today(self) -> date:
        """Return the day in the organisation's time zone."""
        ...


def connect_doorbells() -> dict[str, Doorbell]:
    """Return the doorbell of each configured source that has one; no request is sent yet.

    Raises Misconfigured, also if no source is configured.
    """
    return {
        source: make(registry.connect_client(source, Counters()))
        for source in registry.choose_sources([])
        if (make := find_offer(source, "Doorbell", "doorbell"))
    }
