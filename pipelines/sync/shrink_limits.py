"""The limits of the guard, and one change beyond a limit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines import settings


@dataclass(frozen=True)
class ShrinkLimits:
    """The limits below which a change always passes. Settings: GUARD__REMOVED_SHARE and so on."""

    removed_share: float = 0.10  # of the earlier rows; fewer rows than `removed_rows` always pass
    removed_rows: int = 20
    removed_grants: int = 50  # `removed_rows` for grants
    removed_most: int = 500  # more rows than this never pass
    added_share: float = 0.50
    added_rows: int = 100  # fewer new rows than this always pass
    resource_share: float = 0.50  # of the grants of an entitlement that had `resource_rows` or more
    resource_rows: int = 20
    missing_points: float = 0.05  # of one attribute's values, if there are `resource_rows` or more
    revived_rows: int = (
        5  # leavers who are back and disabled accounts that are open, or `removed_share`
    )
    vanished_rows: int = 5  # rows that lost a field which no row has any more; see `decides_status`

    @classmethod
    def configured(cls) -> ShrinkLimits:
        return settings.read_numbers(cls, "guard")


@dataclass(frozen=True)
class Shrinkage:
    """One change beyond its limit. To accept the change, pass its name and both numbers."""

    name: str
    before: int
    after: int
    why: str

    @property
    def source(self) -> str:
        """Return the source of the table, the attribute or the entitlement that the name is of."""
        return re.split("[.:]", self.name)[0]

    def __str__(self) -> str:
        return f"{self.name}:{self.before}->{self.after}"
