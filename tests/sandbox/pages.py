"""A cache of rendered answers, so that a large company is rendered once.

Companies that tests edit by hand do not use the cache: it misses changes made past the API.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Pages:
    """Values computed since the last write, by what the client asked for."""

    def __init__(self, kept: bool) -> None:
        self.kept = kept
        self.version = 0
        self._store: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return the cached value, or compute it with `make`."""
        if not self.kept:
            return make()
        if key not in self._store:
            self._store[key] = make()
        return self._store[key]

    def changed(self) -> None:
        """Clear the cache after a write."""
        self.version += 1
        self._store.clear()
