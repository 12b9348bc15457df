"""What an import of decisions did: counts per file, rejected rows, new decisions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from pipelines.review.incoming.rules import Answer

MAX_REJECTIONS_SHOWN = 100


@dataclass(frozen=True)
class Rejection:
    """A row that was not accepted."""

    file: str
    row: int
    reason: str
    expected: str


@dataclass
class FileOutcome:
    """The counts of one file. `is_known` means that the same bytes were imported before."""

    name: str
    sha256: str
    is_known: bool = False
    rows: int = 0
    decided: int = 0  # new decisions; `superseding` of them replace an earlier decision
    superseding: int = 0
    decided_before: int = 0
    repeated: int = 0  # the same decision as in a row above
    undecided: int = 0
    rejected: int = 0
    late: int = 0  # new decisions after the last day
    gone: int = 0  # new decisions about access that the last sync did not find


COUNT_FIELDS = [one.name for one in fields(FileOutcome) if one.type in ("int", "bool")]


class Decision(NamedTuple):
    """One row that decides on an item."""

    file: int
    row_number: int
    item_id: str
    grant_id: str
    is_gone: bool
    before: tuple[str | None, str | None]  # the item's current decision and comment
    is_open: bool  # that decision settles nothing, and another reviewer made it
    answer: Answer


@dataclass
class Outcome:
    """The result of one import: counts of each file, new decisions, rejected rows."""

    campaign: str
    files: list[FileOutcome]
    new: list[Decision] = field(default_factory=list)
    is_published: bool = False
    _rejected: list[tuple[int, Rejection]] = field(default_factory=list)

    def reject(self, file: int, row: int, reason: str, expected: str) -> None:
        self._rejected.append((file, Rejection(self.files[file].name, row, reason, expected)))
        self.files[file].rejected += 1

    @property
    def rejections(self) -> list[Rejection]:
        """The rejected rows, in the order of files and rows."""
        return [one for _, one in sorted(self._rejected, key=lambda one: (one[0], one[1].row))]

    def describe_rejections(self) -> list[str]:
        """Return a line for each rejected row, up to MAX_REJECTIONS_SHOWN."""
        lines = [
            f"{one.file} row {one.row}: {one.reason}; expected: {one.expected}"
            for one in self.rejections[:MAX_REJECTIONS_SHOWN]
        ]
        if (more := len(self._rejected) - MAX_REJECTIONS_SHOWN) > 0:
            lines.append(f"… and {more:,} more rows: use --json to see all of them")
        return lines

    def summarize(self) -> list[str]:
        """Return a few lines about what the import did."""
        total = {name: sum(getattr(file, name) for file in self.files) for name in COUNT_FIELDS}
        if self.is_published:
            first = f"new decisions: {total['decided']:,}"
            if total["superseding"]:
                first += f", {total['superseding']:,} of them supersede earlier ones"
        elif self._rejected:
            first = "nothing was imported: correct the rows, or import the others with --good-rows"
        else:
            first = "nothing new, so nothing was changed"
        counts = (
            (total["rejected"], "rows rejected"),
            (total["decided_before"], "decisions that were imported before"),
            (total["repeated"], "rows that repeat another row"),
            (total["undecided"], "rows without a decision"),
            (total["late"] * self.is_published, "decisions after the last day"),
            (total["gone"] * self.is_published, "decisions about access that is gone since"),
            (total["is_known"], "files that were imported before"),
        )
        lines = [f"  {what}: {count:,}" for count, what in counts if count]
        return [f"{self.campaign}: {first}", *lines]

    def to_document(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "published": self.is_published,
            "files": [asdict(one) for one in self.files],
            "rejected": [asdict(one) for one in self.rejections],
        }
