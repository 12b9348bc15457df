"""What push rules want to know of the system that says who works here, and of a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """Fields of people, and queries for people, in the words of the HR system; and by target, the
    attributes of accounts that the rules write, and the ids of the groups that they adopt, in the
    words of the target. Every target with rules has an entry in both. New hires are asked about
    from `days_before_start` days before the first day on, leavers for `days_after_end` days after
    the last.

    They are read besides what every sync reads. A source that cannot give one of them says so, and
    reads all the rest.
    """

    fields: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    days_before_start: int = 0
    days_after_end: int = 0
