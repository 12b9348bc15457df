"""Carrying out a plan, one change after the other: look, write down, act once, look again.

A call that may have happened is never sent again by the run that sent it. The next run looks first,
and waits for what lags behind, before it believes that nothing happened.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines import settings
from pipelines.failures import Failure, Refused, Rejected, Unknown, Unsent
from pipelines.files.scratch import INTERRUPTS
from pipelines.http.rate_limit import Pace
from pipelines.redact import redact_text
from pipelines.sources.writer import Change, Provisioner, Seen
from pipelines.write_back.journal import CHANGE_FIELDS, SETTLED_OUTCOMES, Journal
from pipelines.write_back.plan import Plan

REMOVING_ACTIONS = (
    "revoke",
    "disable_account",
    "delete_account",
    "close_ticket",
)  # gone is as good
MAX_ATTEMPTS = 3  # to send one call, as long as it is turned away unread
Say = Callable[[str], None]


@dataclass(frozen=True)
class Care:
    """How carefully changes are made. Settings: APPLY__CHANGES_PER_SECOND and so on."""

    changes_per_second: float = 2.0  # 0: as fast as it goes
    stop_after: int = 3  # failures in a row, or
    stop_at_percent: float = 10.0  # of all changes, if that is more than `stop_after`
    settle_seconds: float = 10.0  # how long an effect may take to be seen

    @classmethod
    def configured(cls) -> Care:
        return settings.read_numbers(cls, "apply")


@dataclass
class Course:
    """How far an apply has come."""

    outcomes: dict[str, str] = field(default_factory=dict)  # by change; open: tried, unknown
    why: dict[str, str] = field(default_factory=dict)
    stopped: str = ""  # why it did not go on
    wrong: Refused | None = None  # an id that is somebody else's now

    def note(self, change: Change, outcome: str, why: str = "") -> None:
        self.outcomes[change.change_id] = outcome
        self.why[change.change_id] = redact_text(why)

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.outcomes.values()))


def apply_plan(plan: Plan, journal: Journal, writers: dict[str, Provisioner], say: Say) -> Course:
    """Make every change of a plan that has not come about yet.

    Two records of the journal enclose the changes: who began, and how far the run came.
    """
    document = plan.document
    journal.write(
        "apply_begun",
        made_at=document["made_at"],
        made_by=document["made_by"],
        data_as_of=document["snapshot"]["data_as_of"],
        changes=len(plan.changes),
        applied_by=settings.read_actor(),
    )
    course = _make_changes(plan.changes, journal, writers, say)
    journal.write(
        "apply_ended",
        counts=course.counts,
        stopped=course.stopped or None,
        is_complete={*course.outcomes.values()} <= {*SETTLED_OUTCOMES},
    )
    return course


def _make_changes(
    changes: list[Change], journal: Journal, writers: dict[str, Provisioner], say: Say
) -> Course:
    care, course = Care.configured(), Course()
    pace = Pace(care.changes_per_second)
    left = [change for change in changes if journal.outcome(change) not in SETTLED_OUTCOMES]
    for change in changes:
        course.note(change, "not_tried" if change in left else journal.outcome(change))
    failed = in_a_row = 0
    with _interruptible() as interrupted:
        for change in left:
            if interrupted.is_set():
                course.stopped = "it was interrupted"
                break
            try:
                one = _Item(change, journal, writers[change.through], care, pace)
                outcome, why = one.bring_about()
            except Refused as error:
                course.note(change, "open", error.why)
                course.wrong = error
                return course
            except Failure as error:
                outcome, why = "open", f"{error.what}: {error.why}"
            course.note(change, outcome, why)
            say(f"{outcome}: {change.action} {change.change_id[:12]}" + (f": {why}" if why else ""))
            in_a_row = in_a_row + 1 if outcome in ("open", "failed") else 0
            failed += outcome in ("open", "failed")
            if in_a_row >= care.stop_after > 0:
                course.stopped = f"{in_a_row} changes in a row failed"
                break
            if failed > max(care.stop_after, len(changes) * care.stop_at_percent / 100):
                course.stopped = f"{failed} of {len(changes)} changes failed"
                break
    return course


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Set by a signal: the change at hand is finished, and no other one is begun."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in INTERRUPTS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda *_: asked.set())
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _Item:
    """One change on its way."""

    change: Change
    journal: Journal
    writer: Provisioner
    care: Care
    pace: Pace

    def bring_about(self) -> tuple[str, str]:
        """Its outcome and why; `open` while nobody can tell. Raises Refused where the id is another
        subject's, and any other Failure for what did not work."""
        change, journal = self.change, self.journal
        asked_at = journal.asked_at(change)
        seen = self.writer.look(change, asked_at)
        if seen.state == "pending" and journal.was_answered(change, seen.step):
            seen = self.settled(seen.step, asked_at)
        unsent = 0
        while seen.state == "pending":
            if journal.was_answered(change, seen.step):
                return self.ends("failed", "it was accepted, and its effect is not there", seen)
            before = seen
            try:
                seen = self.act(before)
            except Unsent:  # nothing happened: a token that ended, or a host that was too busy
                unsent += 1
                if unsent == MAX_ATTEMPTS:
                    raise
                seen = self.writer.look(change)
                continue
            except Rejected as error:
                return self.ends("failed", error.why, before)
            if (seen.state, seen.step) == (before.state, before.step):
                known = journal.was_answered(change, seen.step)
                return "open", "it was accepted" if known else "it may have happened"
        if seen.state == "wrong":
            journal.write("wrong", change, why=redact_text(seen.why), seen=seen.facts)
            raise Refused(
                f"apply: {change.account_id or change.change_id}",
                seen.why,
                "find out whose this id is now, then make a new plan",
            )
        if seen.state == "drift" or (
            seen.state == "absent" and change.action not in REMOVING_ACTIONS
        ):
            return self.ends("drift", seen.why, seen)
        if change.action == "open_ticket":
            return self.ends("ticketed", seen.why, seen)
        return self.ends("done" if journal.was_called(change) else "already", seen.why, seen)

    def act(self, before: Seen) -> Seen:
        """One call, and what is seen once its effect shows. Raises Unsent, and Rejected where it
        is still to be made."""
        change, step = self.change, before.step
        self.pace.wait()
        about = {name: getattr(change, name) for name in (*CHANGE_FIELDS, "through")}
        begun = self.journal.write("begun", change, step=step, before=before.facts, **about)
        try:
            receipt = self.writer.act(change, before)
        except Unsent as error:
            self.journal.write("unsent", change, step=step, **_said(error))
            raise
        except Rejected as error:
            self.journal.write("rejected", change, step=step, **_said(error))
            seen = self.writer.look(change)
            if (seen.state, seen.step) == ("pending", step):
                raise
            return seen
        except Unknown as error:
            self.journal.write("unknown", change, step=step, **_said(error))
        else:
            self.journal.write(
                "answered",
                change,
                step=step,
                native_id=receipt.native_id,
                reference=receipt.reference,
                receipt=receipt.facts,
            )
        return self.settled(step, datetime.fromisoformat(begun["time"]))

    def settled(self, step: str, asked_at: datetime | None) -> Seen:
        """What is seen once the effect of a call shows, or when it took too long to."""
        end, pause = time.monotonic() + self.care.settle_seconds, 0.1
        while True:
            seen = self.writer.look(self.change, asked_at)
            if seen.state != "pending" or seen.step != step or time.monotonic() >= end:
                return seen
            time.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, 2.0)

    def ends(self, outcome: str, why: str, seen: Seen) -> tuple[str, str]:
        """Write down what became of it; a look is noted as well, so that nobody has to believe."""
        about = {name: getattr(self.change, name) for name in CHANGE_FIELDS}
        said = redact_text(why) or None
        self.journal.write(
            "outcome", self.change, outcome=outcome, why=said, seen=seen.facts, **about
        )
        return outcome, why


def _said(error: Failure) -> dict[str, Any]:
    return {"why": redact_text(error.why), "status": error.status}
