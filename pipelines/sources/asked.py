"""What push rules want from a system that says who works for the company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """Fields of people, and queries for people, in the words of the HR system.

    They are read besides what every sync reads. A source that cannot give one of them says so, and
    reads all the rest.
    """

    fields: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
