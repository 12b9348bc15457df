"""Apply a plan, one change after the other: look, write down, act once, look again.

A call that may have taken effect is never sent again by the run that sent it. The next run looks
first, and waits for delayed effects, before it concludes that the call had no effect.
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
from pipelines.sources.writer import REMOVING_ACTIONS, Change, Provisioner, Seen
from pipelines.write_back.journal import CHANGE_FIELDS, SETTLED_OUTCOMES, Journal, name_parts
from pipelines.write_back.plan import Plan

INTERRUPTED = "it was interrupted"
Report = Callable[[Change, str, str], None]  # is told each change, its outcome, and the reason
MAX_ATTEMPTS = 3  # to send one call, if each attempt surely had no effect


@dataclass(frozen=True)
class ApplySettings:
    """How carefully changes are made. Settings: APPLY__CHANGES_PER_SECOND and so on."""

    changes_per_second: float = 2.0  # 0: no limit
    stop_after: int = 3  # failures in a row; 0: no limit
    stop_at_percent: float = 10.0  # of all changes failed, and more than `stop_after`
    settle_seconds: float = 10.0  # how long to wait for an effect to be visible


@dataclass(frozen=True)
class Permission:
    """Who lets a plan be applied, besides whoever gives its digest."""

    standing: str | None = None  # the hash of the audit record of a standing approval
    second_person: str | None = None  # the address of who approved it, as somebody claimed


@dataclass
class Progress:
    """How far an apply has come."""

    outcomes: dict[str, str] = field(default_factory=dict)  # by change; open: tried, not settled
    reasons: dict[str, str] = field(default_factory=dict)  # by change
    stopped: str = ""  # why no further change was tried
    refused: Refused | None = None  # an id belongs to another subject now

    def note(self, change: Change, outcome: str, why: str = "") -> None:
        self.outcomes[change.change_id] = outcome
        self.reasons[change.change_id] = redact_text(why)

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.outcomes.values()))


def apply_plan(
    plan: Plan,
    journal: Journal,
    writers: dict[str, Provisioner],
    report: Report,
    permission: Permission | None = None,
) -> Progress:
    """Make every change of a plan that is not settled yet, and report each.

    A record before the changes says who began and who approved, and a record after them how far the
    run came.
    """
    permission = permission or Permission()
    document = plan.document
    journal.write(
        "apply_begun",
        made_at=document["made_at"],
        made_by=document["made_by"],
        data_as_of=document["snapshot"]["data_as_of"],
        changes=len(plan.changes),
        applied_by=settings.read_actor(),
        approval=permission.standing,
        approved_by=permission.second_person,
    )
    progress = _make_changes(plan.changes, journal, writers, report)
    journal.write(
        "apply_ended",
        counts=progress.counts,
        stopped=progress.stopped or None,
        is_complete={*progress.outcomes.values()} <= {*SETTLED_OUTCOMES},
    )
    return progress


def _make_changes(
    changes: list[Change], journal: Journal, writers: dict[str, Provisioner], report: Report
) -> Progress:
    limits, progress = settings.read_numbers(ApplySettings, "apply"), Progress()
    pace = Pace(limits.changes_per_second)
    left = [change for change in changes if journal.outcome(change) not in SETTLED_OUTCOMES]
    for change in changes:
        progress.note(change, "not_tried" if change in left else journal.outcome(change))
    announce_changes(changes, writers)
    failed = in_a_row = 0
    with _deferred_interrupts() as interrupted:
        for change in left:
            if interrupted.is_set():
                progress.stopped = INTERRUPTED
                break
            try:
                item = _Item(change, journal, writers[change.through], limits, pace)
                outcome, why = item.bring_about()
            except Refused as error:
                progress.note(change, "open", error.why)
                progress.refused = error
                break
            except Failure as error:
                outcome, why = "open", f"{error.what}: {error.why}"
            progress.note(change, outcome, why)
            report(change, outcome, why)
            in_a_row = in_a_row + 1 if outcome in ("open", "failed") else 0
            failed += outcome in ("open", "failed")
            if in_a_row >= limits.stop_after > 0:
                progress.stopped = f"{in_a_row} changes in a row failed"
                break
            if failed > max(limits.stop_after, len(changes) * limits.stop_at_percent / 100):
                progress.stopped = f"{failed} of {len(changes)} changes failed"
                break
    return progress


def report_by_id(report: Callable[[str], None]) -> Report:
    """Return a report of changes without names, for the log of a run that nobody watches."""

    def report_change(change: Change, outcome: str, why: str) -> None:
        report(f"{outcome}: {change.action} {change.change_id[:12]}{why and f': {why}'}")

    return report_change


def announce_changes(changes: list[Change], writers: dict[str, Provisioner]) -> None:
    """Tell each writer that wants to know it the changes of a plan, settled ones too."""
    for through, writer in writers.items():
        if begin := getattr(writer, "begin", None):
            begin([change for change in changes if change.through == through])


@contextmanager
def _deferred_interrupts() -> Iterator[threading.Event]:
    """Yield an event that a signal sets, so that the current change is finished before the end."""
    interrupted = threading.Event()
    is_main = threading.current_thread() is threading.main_thread()  # only there signals can be set
    handlers = {number: signal.getsignal(number) for number in INTERRUPTS if is_main}
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@dataclass
class _Item:
    """One change of the plan while it is carried out."""

    change: Change
    journal: Journal
    writer: Provisioner
    limits: ApplySettings
    pace: Pace

    def bring_about(self) -> tuple[str, str]:
        """Return the outcome of the change and the reason; the outcome is `open` while unknown.

        Raise Refused if the id belongs to another subject now, and pass on any other Failure.
        """
        change, journal = self.change, self.journal
        asked_at = journal.asked_at(change)
        seen = self.writer.look(change, asked_at)
        if seen.state == "pending" and journal.was_answered(change, seen.step):
            seen = self.wait_for_effect(seen.step, asked_at)
        unsent = 0
        while seen.state == "pending":
            if journal.was_answered(change, seen.step):
                return self.conclude("failed", "accepted, but the effect is not visible", seen)
            before = seen
            try:
                seen = self.act_once(before)
            except Unsent:  # no effect: the token had expired, or the host was too busy
                unsent += 1
                if unsent == MAX_ATTEMPTS:
                    raise
                seen = self.writer.look(change)
                continue
            except Rejected as error:
                return self.conclude("failed", error.why, before)
            if (seen.state, seen.step) == (before.state, before.step):
                accepted = journal.was_answered(change, seen.step)
                return "open", "accepted, not visible yet" if accepted else "it may have happened"
        if seen.state == "wrong":
            journal.write("wrong", change, why=redact_text(seen.why), seen=seen.facts)
            raise Refused(
                f"apply: {change.account_id or change.change_id}",
                seen.why,
                "find out who has this id now, then make a new plan",
            )
        if seen.state == "drift" or (
            seen.state == "absent" and change.action not in REMOVING_ACTIONS
        ):
            return self.conclude("drift", seen.why, seen)
        if change.action == "open_ticket":
            return self.conclude("ticketed", seen.why, seen)
        return self.conclude("done" if journal.was_called(change) else "already", seen.why, seen)

    def act_once(self, before: Seen) -> Seen:
        """Make one call, and return the live state once its effect is visible.

        Raise Unsent if the call had no effect, and Rejected if the change is still to be made.
        """
        change, step = self.change, before.step
        self.pace.wait()
        fields = {name: getattr(change, name) for name in (*CHANGE_FIELDS, "through")}
        fields |= name_parts(change)
        begun = self.journal.write("begun", change, step=step, before=before.facts, **fields)
        try:
            receipt = self.writer.act(change, before)
        except Unsent as error:
            self.journal.write("unsent", change, step=step, **_describe_error(error))
            raise
        except Rejected as error:
            self.journal.write("rejected", change, step=step, **_describe_error(error))
            seen = self.writer.look(change)
            if (seen.state, seen.step) == ("pending", step):
                raise
            return seen
        except Unknown as error:
            self.journal.write("unknown", change, step=step, **_describe_error(error))
        else:
            self.journal.write(
                "answered",
                change,
                step=step,
                native_id=receipt.native_id,
                reference=receipt.reference,
                receipt=receipt.facts,
            )
        return self.wait_for_effect(step, datetime.fromisoformat(begun["time"]))

    def wait_for_effect(self, step: str, asked_at: datetime | None) -> Seen:
        """Return the live state once the effect of a call is visible, or after the timeout."""
        end, pause = time.monotonic() + self.limits.settle_seconds, 0.1
        while True:
            seen = self.writer.look(self.change, asked_at)
            if seen.state != "pending" or seen.step != step or time.monotonic() >= end:
                return seen
            time.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, 2.0)

    def conclude(self, outcome: str, why: str, seen: Seen) -> tuple[str, str]:
        """Write down the outcome together with the live state that proves it."""
        fields = {name: getattr(self.change, name) for name in CHANGE_FIELDS}
        reason = redact_text(why) or None
        self.journal.write(
            "outcome", self.change, outcome=outcome, why=reason, seen=seen.facts, **fields
        )
        return outcome, why


def _describe_error(error: Failure) -> dict[str, Any]:
    return {"why": redact_text(error.why), "status": error.status}
