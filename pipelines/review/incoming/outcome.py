"""What became of the files that came back: counts per file, rejected rows, new decisions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from pipelines.review.incoming.rules import Answer

MAX_REJECTIONS_SHOWN = 100  # rejected rows, on a screen


@dataclass(frozen=True)
class Rejection:
    """A row that is not taken in."""

    file: str
    row: int
    reason: str
    expected: str


@dataclass
class FileOutcome:
    """What became of one file. `is_known`: exactly this file was taken in before."""

    name: str
    sha256: str
    is_known: bool = False
    rows: int = 0
    decided: int = 0  # what is new, `superseding` of them in another decision's place
    superseding: int = 0
    decided_before: int = 0
    repeated: int = 0  # the same again, further up
    undecided: int = 0
    rejected: int = 0
    late: int = 0  # of the new ones
    gone: int = 0  # of the new ones: about access that the last sync did not find any more


COUNT_FIELDS = [one.name for one in fields(FileOutcome) if one.type in ("int", "bool")]


class Decision(NamedTuple):
    """One row that says something new."""

    file: int
    row_number: int
    item_id: str
    grant_id: str
    is_gone: bool
    before: tuple[str | None, str | None]  # the decision and comment that are taken in already
    answer: Answer


@dataclass
class Outcome:
    """What became of all files."""

    campaign: str
    files: list[FileOutcome]
    rejections: list[Rejection] = field(default_factory=list)
    new: list[Decision] = field(default_factory=list)
    is_published: bool = False

    def told(self) -> list[str]:
        """The rows that are rejected, a line each."""
        lines = [
            f"{one.file} row {one.row}: {one.reason}; expected: {one.expected}"
            for one in self.rejections[:MAX_REJECTIONS_SHOWN]
        ]
        if len(self.rejections) > MAX_REJECTIONS_SHOWN:
            lines.append(
                f"… and {len(self.rejections) - MAX_REJECTIONS_SHOWN:,} more rows:"
                " --json tells them all"
            )
        return lines

    def summary(self) -> list[str]:
        """What was done, in a few lines."""
        of = {name: sum(getattr(file, name) for file in self.files) for name in COUNT_FIELDS}
        if self.is_published:
            first = f"decisions taken in: {of['decided']:,}"
            if of["superseding"]:
                first += f", {of['superseding']:,} in the place of earlier ones"
        elif self.rejections:
            first = "nothing was taken in: mend the rows, or take the others with --good-rows"
        else:
            first = "nothing new, so nothing was changed"
        counts = (
            (of["rejected"], "rows rejected"),
            (of["decided_before"], "decisions that were taken in before"),
            (of["repeated"], "rows that repeat another"),
            (of["undecided"], "rows without a decision"),
            (of["late"] * self.is_published, "decisions after the last day"),
            (of["gone"] * self.is_published, "decisions about access that is gone since"),
            (of["is_known"], "files that were taken in before"),
        )
        told = [f"  {what}: {count:,}" for count, what in counts if count]
        return [f"{self.campaign}: {first}", *told]

    def document(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "published": self.is_published,
            "files": [asdict(one) for one in self.files],
            "rejected": [asdict(one) for one in self.rejections],
        }
