"""Checks whether a declared system can be read, with what its kind asks of it."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.probe import Probe


def probes(name: str, tables: ReadTables) -> Iterator[Probe]:
    """Yield the probes of a sync."""
    yield from tables.system.declaration.find_probes(tables)
