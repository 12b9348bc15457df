"""The description of one planted bug."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """One removed guard: `old` becomes `new` in `file`; `tests` is a pytest selection."""

    name: str
    file: str
    old: str
    new: str
    tests: str
