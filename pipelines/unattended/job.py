"""A job that runs without a person: what it is, how it is run, and what one run of it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from pipelines.failures import Failure, explain
from pipelines.sources.writer import Change
from pipelines.warehouse.version import explain_older
from pipelines.words import count_noun
from pipelines.write_back.approval import PUSH_SUBJECT, spell
from pipelines.write_back.plan import Basis, Plan


@dataclass(frozen=True)
class Job:
    """What a standing approval lets run by itself."""

    subject: str  # of the approval
    sources: tuple[str, ...]  # that are read before the plan
    targets: tuple[str, ...]  # that are changed, and read after each round
    read_rules: Callable[[], tuple[str, str]]  # the digest of the rules and the tenant, as of now
    read_basis: Callable[[duckdb.DuckDBPyConnection], Basis]
    max_rounds: int = 1


@dataclass(frozen=True)
class JobOptions:
    """How to run: where progress goes, and what a person has approved besides the rules."""

    report: Callable[[str], None]
    dry_run: bool = False  # read, and make the plan, and nothing else
    sync: bool = True  # read the sources before the plan is made
    max_changes: int | None = None  # the number of changes of the plan `digest`
    digest: str | None = None  # of a plan that a person approves


@dataclass(frozen=True)
class Result:
    """A change, and how far it came: one of the outcomes of an apply."""

    change: Change
    outcome: str
    why: str


@dataclass
class JobOutcome:
    """What one run did. A failure that somebody can mend is in `failures`, and is not raised."""

    subject: str = ""  # of the approval
    rules_sha256: str | None = None  # null if the rules cannot be read
    approved_by: str | None = None
    unapproved_because: str = ""
    plan: Plan | None = None  # the last one that was made
    rounds: int = 0  # that made changes
    results: dict[str, Result] = field(default_factory=dict)  # by change
    stopped: str = ""  # why the last apply tried no further change
    left: int = 0  # changes that are wanted after the last round, and that no round could try
    unproven: int = 0  # changes that are in place, and that the last sync does not show yet
    failures: list[Failure] = field(default_factory=list)
    postponed: str = ""  # why the warehouse does not have the journals yet
    audit_head: str | None = None

    @property
    def code(self) -> int:
        """Return the exit code: that of the first failure."""
        return self.failures[0].code if self.failures else 0

    @property
    def approve_command(self) -> str | None:
        """Return the command that approves the rules; None if they are approved, or unknown."""
        is_known = self.rules_sha256 and self.unapproved_because
        return spell(self.subject, str(self.rules_sha256)) if is_known else None

    @property
    def counts(self) -> dict[str, int]:
        """Return how many changes had which outcome."""
        return dict(Counter(result.outcome for result in self.results.values()))

    @property
    def blocked(self) -> dict[str, int]:
        """Return how many wanted changes are not made, by reason; the most frequent first."""
        items = self.plan.document["blocked"] if self.plan else []
        return dict(Counter(item["blocked_because"] for item in items).most_common())

    def describe_counts(self) -> str:
        """Return the counts of the run as one line, which begins with what was run."""
        return f"{self.subject.removeprefix(PUSH_SUBJECT)}: {self.describe_results()}"

    def describe_results(self) -> str:
        """Return how many changes there were, with which outcome, and how many are blocked."""
        counts = [f"{number} {word.replace('_', ' ')}" for word, number in self.counts.items()]
        total, blocked = count_noun(len(self.results), "change"), sum(self.blocked.values())
        return ", ".join([total, *counts, f"{blocked} blocked"])


@contextmanager
def collect_failures(outcome: JobOutcome) -> Iterator[None]:
    """Add the failure that ends the block to an outcome, and pass on what is a bug."""
    try:
        yield
    except Exception as error:
        failure = explain(error) or explain_older(error)
        if failure is None:
            raise
        outcome.failures.append(failure)
