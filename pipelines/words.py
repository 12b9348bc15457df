"""Spell what several packages say to people."""

from __future__ import annotations


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 change` or `3 changes`."""
    return f"{number} {noun}{'s' * (number != 1)}"
