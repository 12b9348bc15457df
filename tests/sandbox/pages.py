"""Answers kept for as long as nothing changed, so that a large company is rendered once.

Off for companies that tests edit by hand: a change made past the API is not noticed here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Pages:
    """What was computed since the last write, by what was asked."""

    def __init__(self, kept: bool) -> None:
        self.kept = kept
        self.version = 0
        self._store: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The kept value, or the one `make` gives now."""
        if not self.kept:
            return make()
        if key not in self._store:
            self._store[key] = make()
        return self._store[key]

    def changed(self) -> None:
        """Forget everything: something was written."""
        self.version += 1
        self._store.clear()
