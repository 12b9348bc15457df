"""Push without a person: read, plan, apply within the standing approval, and read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.failures import Failure


@dataclass(frozen=True)
class PushOptions:
    """How to push: where progress goes, and what a person has approved besides the rules."""

    report: Callable[[str], None]
    dry_run: bool = False  # read, and make the plan, and nothing else
    sync: bool = True  # read the HR systems and the target before the plan is made
    max_changes: int | None = None  # the number of changes of the plan `digest`
    digest: str | None = None  # of a plan that a person approves
    begun_by: str = "command"  # or watch


@dataclass
class PushOutcome:
    """What one run did. A failure that a person can mend is in `failures`, and is not raised."""

    target: str
    push_id: str | None = None  # null if the run did not begin: it is not approved, or is a dry run
    failures: list[Failure] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # changes by outcome
    blocked: dict[str, int] = field(default_factory=dict)  # changes that are wanted, by reason
    document: dict[str, Any] = field(default_factory=dict)  # as `--json` prints it

    @property
    def code(self) -> int:
        """Return the exit code: that of the first failure."""
        return self.failures[0].code if self.failures else 0


def run_push(target: str, options: PushOptions) -> PushOutcome:
    """Bring a target to what its rules say, and return what was done."""
    raise NotImplementedError
