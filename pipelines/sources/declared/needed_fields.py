"""The fields that a declared system cannot do without: none, because its mapping names them all.

A column that a mapping reads and that is gone refuses the read (`simple.py`, `mapping.py`).
"""

from __future__ import annotations

from pipelines.sources.needed_fields import NeededField


def needed_fields(name: str) -> list[NeededField]:
    """Return no field."""
    return []
