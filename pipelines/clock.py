"""How far a stored time, or a vendor's clock, may be from the clock of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MAX_STEP = timedelta(minutes=5)  # how far a clock may be set back between two runs
MAX_VENDOR_ERROR = timedelta(days=1)


def is_ahead(moment: datetime | str, now: datetime | None = None) -> bool:
    """Return whether a stored time lies in the future, which means that a clock was wrong."""
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return moment > (now or datetime.now(UTC)) + MAX_STEP


def is_credible(vendor_time: datetime) -> bool:
    """Return whether a vendor's clock is near enough to ours to be used."""
    return abs(vendor_time - datetime.now(UTC)) <= MAX_VENDOR_ERROR
