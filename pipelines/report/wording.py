"""Spell times and lengths of time for the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipelines.words import count_noun


def count_days(days: int) -> str:
    """Return a number of whole days in words, such as "under a day" or "1,024 days"."""
    return "under a day" if days < 1 else f"{days:,} {count_noun(days, 'day').split()[1]}"


def spell_time(moment: datetime) -> str:
    """Return a moment in UTC to the minute, such as "2026-03-01 09:17"."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def spell_length(length: timedelta) -> str:
    """Return a length of time in words: minutes, hours or days."""
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 90:
        return count_noun(minutes, "minute")
    return count_noun(minutes // 60, "hour") if minutes < 2880 else count_days(minutes // 1440)
